"""Limits as the endpoints ask for them: ``dependencies=[limited(PASSWORD_SIGN_IN)]``."""

from typing import Any

from fastapi import Depends, Request

from backend.auth.dependencies import request_origin, running_auth
from backend.auth.limits.actions import Taken, take
from backend.auth.limits.errors import TooManyRequests
from backend.auth.limits.policies import Policy


def limited(policy: Policy) -> Any:
    """Count the request; raises TooManyRequests once its network is ahead of the policy."""

    async def count(request: Request) -> None:
        await _limit(request, policy)

    return Depends(count)


async def _limit(request: Request, policy: Policy) -> None:
    auth = await running_auth(request)
    if not auth.settings.rate_limits:
        return
    announce(
        request, policy, await take(auth.database, policy, (await request_origin(request)).network)
    )


def announce(request: Request, policy: Policy, taken: Taken) -> None:
    """Tell the client where it stands; raises TooManyRequests if that is beyond the policy."""
    # draft-ietf-httpapi-ratelimit-headers; the envelope sends them with whatever the answer is.
    request.state.headers = [
        (b"ratelimit-policy", f'"{policy.name}";q={policy.requests};w={policy.seconds}'.encode()),
        (b"ratelimit", f'"{policy.name}";r={taken.remaining};t={taken.seconds}'.encode()),
    ]
    if not taken.fits:
        raise TooManyRequests(taken.seconds)
