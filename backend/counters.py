"""What a process counts of itself, for ``/metrics``.

Where several processes serve, prometheus-client keeps the numbers in files that they share
(``PROMETHEUS_MULTIPROC_DIR``), and any of them answers for all.
"""

from prometheus_client import Counter

DELIVERIES = Counter(
    "farout_deliveries",
    "Attempts to deliver an event to the mirror, by outcome.",
    ["outcome"],
)
WEBHOOK_ATTEMPTS = Counter(
    "farout_webhook_attempts",
    "Attempts to deliver an event to a webhook; given_up counts deliveries that get no further one.",
    ["outcome"],
)
IDENTITIES = Counter(
    "farout_identity_answers",
    "Answers to who is asking: from the cache, from auth, or from memory while auth was away.",
    ["source"],
)

# There from the start, so that the first event is an increase.
for _outcome in ("delivered", "failed", "given_up"):
    DELIVERIES.labels(_outcome)
    WEBHOOK_ATTEMPTS.labels(_outcome)
for _source in ("cache", "auth", "memory"):
    IDENTITIES.labels(_source)
