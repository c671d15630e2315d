from datetime import UTC, datetime
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Request, Response, status
from starlette.responses import RedirectResponse

from backend.community.access.permissions import DESCRIPTIONS, Permission
from backend.community.access.queries import Access
from backend.community.api_keys import actions, queries
from backend.community.api_keys.callers import MayMakeKeys, MayManageKeys
from backend.community.api_keys.schemas import NewApiKey
from backend.community.dependencies import Cursors, RequestOrigin, Transaction
from backend.community.members.queries import list_names_by_uid
from backend.web.cursors import SignedCursors
from backend.web.forms import Refusal, Sent, attempt
from backend.web.pages import render

router = APIRouter(prefix="/api-keys", include_in_schema=False)

_PAGE_SIZE = 50
_DONE = {"revoked": "The key was revoked; the next request with it is refused."}


@router.get("")
async def keys_page(
    request: Request,
    db: Transaction,
    by: MayManageKeys,
    cursors: Cursors,
    done: str = "",
    cursor: str | None = None,
) -> Response:
    return await _page(request, db, by, cursors, done=done, cursor=cursor)


@router.post("")
async def make_key(
    request: Request,
    db: Transaction,
    by: MayMakeKeys,
    origin: RequestOrigin,
    cursors: Cursors,
    sent: Sent,
) -> Response:
    """Show the token in the answer itself: it is kept nowhere that a redirect could read it from."""
    async with attempt(db, sent, "new") as tried:
        new = NewApiKey.model_validate(
            {
                "name": sent.value("name"),
                "scopes": sent.values("scopes"),
                "expires_in_days": sent.number("expires_in_days"),
            }
        )
        key, token = await actions.make_key(db, new, by=by, origin=origin)
    if tried.refusal:
        return await _page(request, db, by, cursors, refused=tried.refusal)
    return render(request, "api_key_made.html", status=201, key=key, token=token)


@router.get("/{key_id}")
async def usage_page(request: Request, db: Transaction, key_id: UUID, _: MayManageKeys) -> Response:
    """Show how often a key was used, by day."""
    key = await queries.get_key(db, key_id)
    owners = await list_names_by_uid(db, {key.owner_uid})
    return render(
        request,
        "api_key.html",
        key=key,
        owner=owners.get(key.owner_uid, "somebody"),
        days=await queries.list_days(db, key_id),
        is_live=key.revoked_at is None and key.expires_at > datetime.now(UTC),
    )


@router.post("/{key_id}/revoke")
async def revoke_key(
    request: Request,
    db: Transaction,
    key_id: UUID,
    by: MayManageKeys,
    origin: RequestOrigin,
    cursors: Cursors,
    sent: Sent,
) -> Response:
    async with attempt(db, sent, "keys") as tried:
        await actions.revoke_key(db, key_id, by=by, origin=origin)
    if tried.refusal:
        return await _page(request, db, by, cursors, refused=tried.refusal)
    return RedirectResponse("/api-keys?done=revoked", status.HTTP_303_SEE_OTHER)


async def _page(
    request: Request,
    db: Transaction,
    by: Access,
    cursors: SignedCursors,
    *,
    done: str = "",
    cursor: str | None = None,
    refused: Refusal | None = None,
) -> Response:
    after = cursors.read("API keys", cursor)
    page = await queries.list_keys(db, after=str(after[0]) if after else None, limit=_PAGE_SIZE)
    following = cursors.write("API keys", page.last)
    return render(
        request,
        "api_keys.html",
        status=refused.status if refused else status.HTTP_200_OK,
        keys=page.keys,
        owners=await list_names_by_uid(db, {key.owner_uid for key in page.keys}),
        scopes=_scopes(by),
        now=datetime.now(UTC),
        next_url=f"/api-keys?{urlencode({'cursor': following})}" if following else None,
        message=_DONE.get(done),
        refused=refused,
    )


def _scopes(by: Access) -> dict[str, str]:
    """Return what a key of the caller's may be for, each with what it allows."""
    return {
        name.value: text
        for name, text in DESCRIPTIONS.items()
        if by.may(name) and name is not Permission.API_KEYS_MANAGE
    }
