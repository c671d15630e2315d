"""Every case of webhooks.json is judged by a test that exists; the cases are words, so this is a list."""

import re
from pathlib import Path

from tests.security.corpora import cases

TESTS = Path(__file__).parents[1]
REFUSES = "mirror/test_webhooks.py::test_refuses_what_is_not_signed"
MALFORMED = "mirror/test_webhooks.py::test_refuses_a_signed_body_that_is_no_event"
JUDGED_BY = {
    "wh-ok": "mirror/test_webhooks.py::test_a_signed_event_is_applied",
    "wh-sig-0": REFUSES,
    "wh-sig-1": REFUSES,
    "wh-sig-4": REFUSES,
    "wh-sig-6": "mirror/test_webhooks.py::test_one_good_signature_of_two_is_enough",
    "wh-sig-7": "mirror/test_webhooks.py::test_two_secrets_live_at_once",
    "wh-sig-8": REFUSES,
    "wh-sig-12": REFUSES,
    "wh-sig-13": REFUSES,
    "wh-sig-14": REFUSES,
    "wh-sig-15": REFUSES,
    "wh-sig-17": "mirror/test_webhooks.py::test_accepts_what_is_299_seconds_old",
    "wh-sig-18": REFUSES,
    "wh-sig-19": REFUSES,
    "wh-sig-21": MALFORMED,
    "wh-sig-22": MALFORMED,
    "wh-sig-24": "mirror/test_webhooks.py::test_refuses_a_compressed_body",
    "wh-sig-26": "mirror/test_webhooks.py::test_parks_what_a_newer_sender_means",
    "wh-sig-27": MALFORMED,
    # An event holds the whole state of its user, so there is no user that it could come before.
    "wh-sig-28": "mirror/test_applying_events.py::test_a_thousand_events_in_any_order_end_as_in_order",
    "wh-del-0": "mirror/test_webhooks.py::test_a_message_sent_twice_or_at_the_same_moment_counts_once",
    "wh-del-1": "mirror/test_webhooks.py::test_a_message_sent_twice_or_at_the_same_moment_counts_once",
    "wh-del-3": "mirror/test_applying_events.py::test_each_event_has_its_effect_once",
    "wh-del-4": "mirror/test_webhooks.py::test_events_that_arrive_backwards_end_with_the_newest",
    "wh-del-5": "mirror/test_applying_events.py::test_a_thousand_events_in_any_order_end_as_in_order",
    "wh-del-6": "sync/test_reconcile.py::test_each_kind_of_drift_is_counted_and_mended",
    "wh-del-7": "mirror/test_applying_events.py::test_a_deleted_user_stays_deleted",
    "wh-del-8": "mirror/test_applying_events.py::test_an_old_event_does_not_touch_who_came_back",
    "wh-del-10": "mirror/test_outbox_by_trigger.py::test_a_rolled_back_change_is_never_announced",
    "wh-del-12": "mirror/test_faults.py::test_nothing_is_lost_doubled_or_taken_back_by_any_fault",
    "wh-del-13": "mirror/test_faults.py::test_nothing_is_lost_doubled_or_taken_back_by_any_fault",
    "wh-del-14": "mirror/test_delivery.py::"
    "test_an_event_that_is_refused_waits_longer_each_time_and_is_given_up",
    "wh-del-15": "mirror/test_delivery.py::"
    "test_an_event_that_is_refused_waits_longer_each_time_and_is_given_up",
    "wh-del-16": "mirror/test_delivery.py::test_retry_after_is_kept_to",
    "wh-del-18": "mirror/test_webhook_transport.py::test_takes_the_signed_body_nowhere_else",
    "wh-del-19": "mirror/test_webhook_transport.py::"
    "test_an_https_address_is_not_spoken_to_in_clear",
    "wh-del-23": "mirror/test_webhook_transport.py::test_tells_the_event_s_fault_from_the_receiver_s",
    "wh-del-25": "mirror/test_delivery.py::test_an_early_id_that_commits_late_is_not_passed_over",
    "wh-del-26": "mirror/test_outbox_by_trigger.py::test_a_gap_in_the_versions_is_not_waited_for",
    "wh-rec-2": "sync/test_reconcile.py::test_the_corpus",
    "wh-rec-3": "sync/test_reconcile.py::test_the_corpus",
    "wh-rec-4": "sync/test_reconcile.py::test_the_corpus",
    "wh-rec-5": "sync/test_reconcile.py::test_the_corpus",
    "wh-rec-6": "sync/test_reconcile.py::test_the_corpus",
    "wh-rec-8": "bridge/test_two_services.py::"
    "test_a_reader_that_comes_back_believes_nothing_from_before",
    "wh-rec-10": "bridge/test_two_services.py::test_a_reader_that_does_not_read_is_dropped",
}
NOT_OURS = {
    # The one target of our own webhooks is COMMUNITY_SERVICE_URL, which the operator sets: naming an
    # address of the inner network there is its purpose.
    "wh-del-20",
}


def test_every_case_is_judged() -> None:
    assert {case["id"] for case in cases("webhooks")} == set(JUDGED_BY) | NOT_OURS


def test_every_judge_exists() -> None:
    missing = []
    for judge in set(JUDGED_BY.values()):
        path, _, name = judge.partition("::")
        text = (TESTS / path).read_text("utf-8")
        if not re.search(rf"^(async )?def {name}\(", text, re.MULTILINE):
            missing.append(judge)
    assert missing == []
