from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from pydantic import ValidationError

from backend.auth.audit_log.cursors import read_place, write_place
from backend.auth.audit_log.queries import list_entries, names_of
from backend.auth.audit_log.schemas import AuditEntryDetails, AuditQuery
from backend.auth.dependencies import RunningAuth
from backend.web.callers import Admin
from backend.web.pages import render

router = APIRouter(prefix="/admin/audit", include_in_schema=False)

_PAGE_SIZE = 50


@router.get("")
async def audit_page(
    request: Request,
    _: Admin,
    auth: RunningAuth,
    action: str = "",
    actor: str = "",
    target: str = "",
    since: str = "",
    until: str = "",
    cursor: str = "",
) -> Response:
    asked = {
        "action": action, "actor": actor, "target": target, "since": since, "until": until,
    }  # fmt: skip
    chosen = {name: value.strip() for name, value in asked.items() if value.strip()}
    try:
        wanted, problem = _read(chosen), None
    except ValidationError:
        wanted, problem = (
            AuditQuery(),
            "One of these is no action, uid or day; nothing is filtered.",
        )
    async with auth.database.transaction() as db:
        page = await list_entries(db, wanted.filter, after=read_place(cursor), limit=_PAGE_SIZE)
        names = await names_of(
            db, {uid for one in page.entries for uid in (one.actor_uid, one.target_uid)}
        )
    next_place = write_place(page.last)
    exported = wanted.model_dump(mode="json", exclude_none=True)
    return render(
        request,
        "admin_audit.html",
        status=400 if problem else 200,
        entries=[AuditEntryDetails.of(entry) for entry in page.entries],
        names=names,
        asked=asked,
        is_filtered=bool(chosen),
        problem=problem,
        next_url=_url("/admin/audit", chosen | {"cursor": next_place}) if next_place else None,
        csv_url=_url("/auth/audit.csv", exported),
    )


def _read(chosen: dict[str, str]) -> AuditQuery:
    """Read the form: days are UTC, and the last one counts to its end."""
    values: dict[str, object] = dict(chosen)
    for name, days in (("since", 0), ("until", 1)):
        if name in chosen:
            values[name] = _day(chosen[name], plus=days)
    return AuditQuery.model_validate(values)


def _day(value: str, *, plus: int) -> object:
    try:
        return datetime.strptime(value, "%Y-%m-%d").replace(tzinfo=UTC) + timedelta(days=plus)
    except (ValueError, OverflowError):
        return value


def _url(path: str, query: dict[str, str]) -> str:
    return f"{path}?{urlencode(query)}" if query else path
