from dataclasses import dataclass


@dataclass(frozen=True)
class Policy:
    """So many requests from one network in so many seconds, in bursts or evenly."""

    name: str
    requests: int
    seconds: int


PASSWORD_SIGN_IN = Policy("sign-in", 30, 60)
DISCORD_SIGN_IN = Policy("discord", 120, 60)
# What makes a mail, and what tries a secret that was mailed.
MAILED = Policy("mailed", 20, 60)
# What programs trade and give back.
TOKENS = Policy("tokens", 120, 60)
# Not of a network, but to a mailbox. Then one comes each half hour, as long as a link is good for.
WRITTEN_TO = Policy("written-to", 6, 3 * 3600)
