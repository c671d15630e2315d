from backend.errors import Conflict, Invalid, NotFound


class WebhookNotFound(NotFound):
    code = "webhook_not_found"

    def __init__(self) -> None:
        super().__init__("There is no such webhook.")


class WebhookDeliveryNotFound(NotFound):
    code = "webhook_delivery_not_found"

    def __init__(self) -> None:
        super().__init__("There is no such delivery; the log is kept for some weeks only.")


class WebhooksNotSetUp(Conflict):
    code = "webhooks_not_set_up"

    def __init__(self) -> None:
        super().__init__(
            "Webhooks need COMMUNITY_KEYS, which this installation has not set; .env.example says how."
        )


class TooManyWebhooks(Conflict):
    code = "too_many_webhooks"

    def __init__(self, most: int) -> None:
        super().__init__(f"There are {most} webhooks already. Delete one first.")


class WebhookDisabled(Conflict):
    code = "webhook_disabled"

    def __init__(self) -> None:
        super().__init__("This webhook is disabled. Enable it first.")


class TargetRefused(Invalid):
    """A webhook may not go there; the text says why and holds nothing of the address."""

    code = "webhook_url_refused"

    def __init__(self, reason: str) -> None:
        super().__init__(f"This address is no place for webhooks: {reason}.")
        self.reason = reason
