"""Who may manage webhooks, and by which rules of this installation."""

from typing import Annotated

from fastapi import Depends

from backend.community.access.callers import CallerAccess
from backend.community.access.errors import PermissionRequired
from backend.community.access.permissions import Permission
from backend.community.access.queries import Access
from backend.community.dependencies import RunningCommunity
from backend.community.webhooks.rules import Rules


async def require_webhook_manager(access: CallerAccess) -> Access:
    """A person with the permission: a webhook that a stolen key made would outlive the key."""
    if not access.may(Permission.WEBHOOKS_MANAGE):
        raise PermissionRequired(Permission.WEBHOOKS_MANAGE)
    return access


async def webhook_rules(community: RunningCommunity) -> Rules:
    return Rules.of(community.settings)


MayManageWebhooks = Annotated[Access, Depends(require_webhook_manager)]
WebhookRules = Annotated[Rules, Depends(webhook_rules)]
