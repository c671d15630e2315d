"""What this installation says about webhooks."""

from dataclasses import dataclass

from backend.community.settings import WebhookSettings
from backend.community.webhooks.errors import WebhooksNotSetUp
from backend.community.webhooks.targets import TargetRules
from backend.key_ring import KeyRing


@dataclass(frozen=True)
class Rules:
    """Where webhooks may go, and the keys that encrypt their secrets."""

    targets: TargetRules
    ring: KeyRing | None

    @classmethod
    def of(cls, settings: WebhookSettings) -> "Rules":
        targets = TargetRules(settings.webhook_allowed_networks, settings.webhook_allow_http)
        return cls(targets, settings.community_ring)

    @property
    def keys(self) -> KeyRing:
        if self.ring is None:
            raise WebhooksNotSetUp
        return self.ring
