"""Who may do what, and why: the table of roles, and whoever has one permission."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Path, Query, Request, Response, status
from starlette.responses import RedirectResponse

from backend.bridge.identity import ROLES, Role
from backend.community.access.callers import AdminAccess, Needs
from backend.community.access.permissions import Permission
from backend.community.access.queries import Access
from backend.community.dependencies import Cursors, RequestOrigin, Transaction
from backend.community.permissions import actions, queries
from backend.community.permissions.forms import chosen_permissions
from backend.community.permissions.schemas import RolePermissions
from backend.web.forms import Refusal, Sent, attempt
from backend.web.pages import render

router = APIRouter(prefix="/permissions", include_in_schema=False)

MaySeeAccess = Annotated[Access, Needs(Permission.ACCESS_READ)]
_PAGE_SIZE = 50


@router.get("")
async def permissions_page(
    request: Request,
    db: Transaction,
    reader: MaySeeAccess,
    edit: Annotated[str, Query(max_length=32)] = "",
    done: str = "",
) -> Response:
    return await _table(request, db, reader, edited=edit, done=done)


@router.post("/roles/{role}")
async def set_role_permissions(
    request: Request,
    db: Transaction,
    role: Role,
    admin: AdminAccess,
    origin: RequestOrigin,
    sent: Sent,
) -> Response:
    async with attempt(db, sent) as tried:
        wanted = RolePermissions.model_validate({"permissions": chosen_permissions(sent)})
        names = {permission.value for permission in wanted.permissions}
        await actions.set_role_permissions(db, role, names, by=admin, origin=origin)
    if tried.refusal:
        return await _table(request, db, admin, edited=role, refused=tried.refusal)
    return RedirectResponse(f"/permissions?done={role}", status.HTTP_303_SEE_OTHER)


@router.get("/{name}")
async def holders_page(
    request: Request,
    db: Transaction,
    _: MaySeeAccess,
    cursors: Cursors,
    name: Annotated[str, Path(max_length=64)],
    cursor: str | None = None,
) -> Response:
    """Show who has one permission, and why."""
    permission = queries.get_permission(name)
    listed = f"holders {permission}"
    (after,) = cursors.read(listed, cursor) or (0,)
    (details,) = [one for one in await queries.list_permissions(db) if one.name == permission]
    page = await queries.list_holders(
        db, permission, details.roles, after=int(after), limit=_PAGE_SIZE
    )
    following = cursors.write(listed, page.last)
    return render(
        request,
        "permission.html",
        permission=details,
        holders=page.holders,
        next_url=f"/permissions/{name}?{urlencode({'cursor': following})}" if following else None,
    )


async def _table(
    request: Request,
    db: Transaction,
    reader: Access,
    *,
    edited: str = "",
    done: str = "",
    refused: Refusal | None = None,
) -> Response:
    """Show the roles side by side; an admin changes one of them at a time."""
    return render(
        request,
        "permissions.html",
        status=refused.status if refused else status.HTTP_200_OK,
        roles=ROLES,
        rows=await queries.list_permissions(db),
        may_edit=reader.is_admin,
        edited=edited if reader.is_admin and edited in ROLES else None,
        message=f"What a role of {done} may do was changed." if done in ROLES else None,
        refused=refused,
    )
