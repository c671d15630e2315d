"""Who may manage webhooks, and by which rules of this installation."""

from typing import Annotated

from fastapi import Depends, Request

from backend.community.access.callers import CallerAccess
from backend.community.access.errors import PermissionRequired
from backend.community.access.permissions import Permission
from backend.community.access.queries import Access
from backend.community.dependencies import RunningCommunity
from backend.community.webhooks.rules import Rules
from backend.web.callers import require_elevated


async def require_webhook_manager(access: CallerAccess) -> Access:
    """A person with the permission: a webhook that a stolen key made would outlive the key."""
    if not access.may(Permission.WEBHOOKS_MANAGE):
        raise PermissionRequired(Permission.WEBHOOKS_MANAGE)
    return access


async def webhook_rules(community: RunningCommunity) -> Rules:
    return Rules.of(community.settings)


MayManageWebhooks = Annotated[Access, Depends(require_webhook_manager)]


async def require_webhook_director(request: Request, access: MayManageWebhooks) -> Access:
    """The same with a fresh proof, for what sends events to an address or shows a secret."""
    await require_elevated(request)
    return access


MayDirectWebhooks = Annotated[Access, Depends(require_webhook_director)]
WebhookRules = Annotated[Rules, Depends(webhook_rules)]
