from backend.web.forms import SentForm


def chosen_permissions(sent: SentForm) -> list[str] | None:
    """Return the boxes that are ticked; None for a body that did not come from such a form.

    A browser sends nothing for boxes without a tick, and a body of nothing must not take
    everything from everybody.
    """
    return sent.values("permissions") if sent.has("boxes") else None
