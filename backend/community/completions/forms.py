"""What forms say of something that is awarded by hand."""

from typing import Any

from backend.web.forms import SentForm


def mission_values(sent: SentForm) -> dict[str, Any]:
    return _shared(sent) | {
        "outcome": sent.value("outcome"),
        "role": sent.maybe("role"),
        "minutes": sent.number("minutes"),
    }


def training_values(sent: SentForm) -> dict[str, Any]:
    return _shared(sent) | {
        "result": sent.value("result"),
        "score": sent.decimal("score"),
        "expires_on": sent.maybe("expires_on"),
        "renew": sent.has("renew"),
    }


def _shared(sent: SentForm) -> dict[str, Any]:
    return {
        "completed_at": sent.moment("completed_at"),
        "points": sent.number("points"),
        "note": sent.maybe("note"),
        "evidence": sent.lines("evidence"),
    }
