from typing import Annotated

from fastapi import APIRouter, Path, Request, Response, status
from starlette.responses import RedirectResponse

from backend.community.access.callers import Needs
from backend.community.access.permissions import Permission
from backend.community.access.queries import Access
from backend.community.dependencies import RequestOrigin, Transaction
from backend.community.members.callers import MaySeeMembers
from backend.community.ranks import ladder, queries
from backend.community.ranks.schemas import NewRank, RankEdit
from backend.web.forms import Refusal, Sent, attempt
from backend.web.pages import render

router = APIRouter(prefix="/ranks", include_in_schema=False)

MayManageRanks = Annotated[Access, Needs(Permission.RANKS_MANAGE)]
RankCode = Annotated[str, Path(max_length=64)]

_DONE = {
    "added": "The rank was put on top of the ladder.",
    "edited": "The rank was changed.",
    "moved": "The ladder has its new order.",
}


@router.get("")
async def ladder_page(
    request: Request, db: Transaction, _: MaySeeMembers, done: str = ""
) -> Response:
    return await _ladder(request, db, done=done)


@router.post("")
async def add_rank(
    request: Request, db: Transaction, by: MayManageRanks, origin: RequestOrigin, sent: Sent
) -> Response:
    async with attempt(db, sent, "new") as tried:
        new = NewRank(
            code=sent.value("code"), name=sent.value("name"), description=sent.maybe("description")
        )
        await ladder.add_rank(db, new, by=by, origin=origin)
    return await _answer(request, db, tried.refusal, "added")


@router.post("/{code}")
async def edit_rank(
    request: Request,
    db: Transaction,
    code: RankCode,
    by: MayManageRanks,
    origin: RequestOrigin,
    sent: Sent,
) -> Response:
    async with attempt(db, sent, f"edit-{code}") as tried:
        edit = RankEdit(
            name=sent.value("name"),
            description=sent.value("description"),
            archived=sent.has("archived"),
        )
        await ladder.edit_rank(db, code, edit, by=by, origin=origin)
    return await _answer(request, db, tried.refusal, "edited")


@router.post("/{code}/move")
async def move_rank(
    request: Request,
    db: Transaction,
    code: RankCode,
    by: MayManageRanks,
    origin: RequestOrigin,
    sent: Sent,
) -> Response:
    async with attempt(db, sent, "move") as tried:
        await ladder.move_rank(db, code, up=sent.value("to") == "up", by=by, origin=origin)
    return await _answer(request, db, tried.refusal, "moved")


async def _answer(
    request: Request, db: Transaction, refused: Refusal | None, done: str
) -> Response:
    if refused:
        return await _ladder(request, db, refused=refused)
    return RedirectResponse(f"/ranks?done={done}", status.HTTP_303_SEE_OTHER)


async def _ladder(
    request: Request, db: Transaction, *, done: str = "", refused: Refusal | None = None
) -> Response:
    return render(
        request,
        "ranks.html",
        status=refused.status if refused else status.HTTP_200_OK,
        ranks=list(reversed(await queries.list_ranks(db))),
        message=_DONE.get(done),
        refused=refused,
    )
