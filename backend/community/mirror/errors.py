from backend.errors import BadInput, Invalid, NotSignedIn, Unavailable


class MirrorBusy(Unavailable):
    code = "mirror_busy"

    def __init__(self) -> None:
        super().__init__("The mirror of the users is being written by too many at once. Try again.")


class WebhookRefused(NotSignedIn):
    code = "webhook_refused"

    def __init__(self, reason: str) -> None:
        super().__init__(f"This webhook is not accepted: {reason}.")


class WebhookUnsupported(BadInput):
    code = "webhook_unsupported"

    def __init__(self) -> None:
        super().__init__("Send the body as it is, without a content encoding.")


class EventBodyUnreadable(BadInput):
    code = "event_unreadable"

    def __init__(self, reason: str) -> None:
        super().__init__(f"This event cannot be read: {reason}.")


class EventInvalid(Invalid):
    code = "event_invalid"

    def __init__(self, reason: str) -> None:
        super().__init__(f"This event cannot be taken in: {reason}.")


class ReconcileRunning(Unavailable):
    code = "reconcile_running"

    def __init__(self) -> None:
        super().__init__("Another reconcile is running; this one has ended and changed nothing.")
