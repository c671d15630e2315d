from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Request, Response, status
from starlette.responses import RedirectResponse

from backend.community.access.callers import Needs
from backend.community.access.permissions import Permission
from backend.community.access.queries import Access
from backend.community.awards import actions, queries
from backend.community.awards.schemas import AwardEdit, GrantRequest, NewAward
from backend.community.dependencies import Cursors, RequestOrigin, Transaction
from backend.community.members.lookup import find_meant
from backend.web.cursors import SignedCursors
from backend.web.forms import Refusal, Sent, SentForm, attempt
from backend.web.pages import render

router = APIRouter(prefix="/awards", include_in_schema=False)

MaySee = Annotated[Access, Needs(Permission.AWARDS_READ)]
MayManage = Annotated[Access, Needs(Permission.AWARDS_MANAGE)]
MayGrant = Annotated[Access, Needs(Permission.AWARDS_GRANT)]

_PAGE_SIZE = 50
_DONE = {
    "added": "The award is in the catalogue.",
    "edited": "The award was changed.",
    "granted": "The award was granted; whoever had it already keeps the one they have.",
}


@router.get("")
async def awards_page(request: Request, db: Transaction, _: MaySee) -> Response:
    return await _list(request, db)


@router.post("")
async def add_award(
    request: Request, db: Transaction, by: MayManage, origin: RequestOrigin, sent: Sent
) -> Response:
    async with attempt(db, sent, "new") as tried:
        new = NewAward.model_validate(_values(sent))
        award = await actions.add_award(db, new, by=by, origin=origin)
    if tried.refusal:
        return await _list(request, db, refused=tried.refusal)
    return _done(award.id, "added")


@router.get("/{award_id}")
async def award_page(
    request: Request,
    db: Transaction,
    award_id: UUID,
    reader: MaySee,
    cursors: Cursors,
    done: str = "",
    cursor: str | None = None,
    holders: str | None = None,
) -> Response:
    return await _page(
        request, db, award_id, reader, cursors, done=done, cursor=cursor, holders=holders
    )


@router.post("/{award_id}/edit")
async def edit_award(
    request: Request,
    db: Transaction,
    award_id: UUID,
    by: MayManage,
    origin: RequestOrigin,
    cursors: Cursors,
    sent: Sent,
) -> Response:
    async with attempt(db, sent, "edit") as tried:
        edit = AwardEdit.model_validate(_values(sent) | {"archived": sent.has("archived")})
        await actions.edit_award(db, award_id, edit, by=by, origin=origin)
    if tried.refusal:
        return await _page(request, db, award_id, by, cursors, refused=tried.refusal)
    return _done(award_id, "edited")


@router.post("/{award_id}/grants")
async def grant_award(
    request: Request,
    db: Transaction,
    award_id: UUID,
    by: MayGrant,
    origin: RequestOrigin,
    cursors: Cursors,
    sent: Sent,
) -> Response:
    async with attempt(db, sent, "grant") as tried:
        named = [(await find_meant(db, line)).discord_id for line in sent.lines("members")]
        chosen = list(dict.fromkeys(sent.values("suggested") + named))
        wanted = GrantRequest(discord_ids=chosen, reason=sent.value("reason"))
        await actions.grant_award(db, award_id, wanted, by=by, origin=origin)
    if tried.refusal:
        return await _page(request, db, award_id, by, cursors, refused=tried.refusal)
    return _done(award_id, "granted")


def _values(sent: SentForm) -> dict[str, Any]:
    rule = {
        "counters": dict(_counter(line) for line in sent.lines("counters")),
        "missions": sent.words("missions"),
        "trainings": sent.words("trainings"),
        "days_here": sent.number("days_here"),
    }
    return {
        "name": sent.value("name"),
        "description": sent.maybe("description"),
        "rule": rule if any(rule.values()) else None,
    }


def _counter(line: str) -> tuple[str, int | str]:
    """Read "points 100"; what is no number is for the schema to refuse."""
    name, _, least = line.replace("=", " ").partition(" ")
    text = least.strip()
    return name, int(text) if text.isascii() and text.isdigit() and len(text) < 19 else text


async def _list(request: Request, db: Transaction, *, refused: Refusal | None = None) -> Response:
    return render(
        request,
        "awards.html",
        status=refused.status if refused else status.HTTP_200_OK,
        awards=await queries.list_awards(db),
        refused=refused,
    )


async def _page(
    request: Request,
    db: Transaction,
    award_id: UUID,
    reader: Access,
    cursors: SignedCursors,
    *,
    done: str = "",
    cursor: str | None = None,
    holders: str | None = None,
    refused: Refusal | None = None,
) -> Response:
    award = await queries.get_award(db, award_id)
    may_grant = reader.may(Permission.AWARDS_GRANT) and award.archived_at is None
    listed = f"suggestions for {award_id}"
    (after,) = cursors.read(listed, cursor) or (0,)
    page = queries.SuggestionPage((), None)
    if may_grant and award.rule is not None:
        page = await queries.list_suggestions(db, award_id, after=int(after), limit=_PAGE_SIZE)
    following = cursors.write(listed, page.last)
    held = f"holders of {award_id}"
    (beyond,) = cursors.read(held, holders) or (0,)
    having = await queries.list_holders(db, award_id, after=int(beyond), limit=_PAGE_SIZE)
    more = cursors.write(held, having.last)
    return render(
        request,
        "award.html",
        status=refused.status if refused else status.HTTP_200_OK,
        award=award,
        may_grant=may_grant,
        suggestions=page.suggestions,
        holders=having.holders,
        more_holders=f"/awards/{award_id}?{urlencode({'holders': more})}" if more else None,
        next_url=f"/awards/{award_id}?{urlencode({'cursor': following})}" if following else None,
        message=_DONE.get(done),
        refused=refused,
    )


def _done(award_id: UUID, done: str) -> Response:
    return RedirectResponse(f"/awards/{award_id}?done={done}", status.HTTP_303_SEE_OTHER)
