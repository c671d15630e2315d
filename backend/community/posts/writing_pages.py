"""The forms that write posts, edit them, and take them out of sight."""

from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Request, Response, status
from markupsafe import Markup
from starlette.responses import RedirectResponse

from backend.community.access.callers import Needs
from backend.community.access.permissions import Permission
from backend.community.access.queries import Access
from backend.community.dependencies import Cursors, RequestOrigin, Transaction
from backend.community.members.queries import list_names_by_uid, list_rank_names
from backend.community.models import Post
from backend.community.posts import actions, queries
from backend.community.posts.errors import PublishTimeMissing
from backend.community.posts.pages import show_post
from backend.community.posts.schemas import NewPost, PostEdit, state_of
from backend.community.ranks.queries import list_ranks
from backend.web.forms import Refusal, Sent, SentForm, attempt
from backend.web.markdown import to_html
from backend.web.pages import render

router = APIRouter(prefix="/posts", include_in_schema=False)

MayWrite = Annotated[Access, Needs(Permission.POSTS_WRITE)]
_PAGE_SIZE = 25


# No id begins so.
@router.get("/~all")
async def all_posts_page(
    request: Request, db: Transaction, _: MayWrite, cursors: Cursors, cursor: str | None = None,
    done: str = "",
) -> Response:  # fmt: skip
    """Every post, drafts, scheduled and withdrawn ones included."""
    page = await queries.list_all(db, after=cursors.read("all posts", cursor), limit=_PAGE_SIZE)
    following = cursors.write("all posts", page.last)
    now = datetime.now(UTC)
    return render(
        request,
        "posts_all.html",
        posts=[(post, state_of(post, now)) for post in page.posts],
        authors=await list_names_by_uid(db, {post.author_uid for post in page.posts}),
        rank_names=await list_rank_names(db),
        next_url=f"/posts/~all?{urlencode({'cursor': following})}" if following else None,
        message="The draft was deleted." if done == "deleted" else None,
    )


@router.get("/~new")
async def new_post_page(request: Request, db: Transaction, _: MayWrite) -> Response:
    return await _form(request, db, None)


@router.post("")
async def write_post(
    request: Request, db: Transaction, by: MayWrite, origin: RequestOrigin, sent: Sent
) -> Response:
    """Write a post; its preview is shown in the form, and keeps nothing."""
    previewed = sent.value("do") == "preview"
    async with attempt(db, sent) as tried:
        new = NewPost.model_validate(_values(sent) | _publishing(sent))
        if not previewed:
            post = await actions.write_post(db, new, by=by, origin=origin)
    if tried.refusal or previewed:
        return await _form(request, db, None, sent=sent, refused=tried.refusal)
    return _done(post.id, "written")


@router.get("/{post_id}/edit")
async def edit_post_page(request: Request, db: Transaction, post_id: UUID, _: MayWrite) -> Response:
    return await _form(request, db, await queries.get_post(db, post_id))


@router.post("/{post_id}/edit")
async def edit_post(
    request: Request,
    db: Transaction,
    post_id: UUID,
    by: MayWrite,
    origin: RequestOrigin,
    sent: Sent,
) -> Response:
    previewed = sent.value("do") == "preview"
    async with attempt(db, sent) as tried:
        # What was read has no choice of time in its form.
        times = _publishing(sent) if sent.has("when") else {}
        edit = PostEdit.model_validate(_values(sent) | times)
        if not previewed:
            await actions.edit_post(db, post_id, edit, by=by, origin=origin)
    if tried.refusal or previewed:
        post = await queries.get_post(db, post_id)
        return await _form(request, db, post, sent=sent, refused=tried.refusal)
    return _done(post_id, "edited")


@router.post("/{post_id}/publish")
async def publish_post(
    request: Request,
    db: Transaction,
    post_id: UUID,
    by: MayWrite,
    origin: RequestOrigin,
    sent: Sent,
) -> Response:
    async with attempt(db, sent, "state") as tried:
        edit = PostEdit(publish_at=datetime.now(UTC))
        await actions.edit_post(db, post_id, edit, by=by, origin=origin)
    if tried.refusal:
        return await show_post(request, db, by, post_id, refused=tried.refusal)
    return _done(post_id, "published")


@router.post("/{post_id}/withdraw")
async def withdraw_post(
    db: Transaction, post_id: UUID, by: MayWrite, origin: RequestOrigin
) -> Response:
    await actions.edit_post(db, post_id, PostEdit(archived=True), by=by, origin=origin)
    return _done(post_id, "withdrawn")


@router.post("/{post_id}/restore")
async def restore_post(
    db: Transaction, post_id: UUID, by: MayWrite, origin: RequestOrigin
) -> Response:
    await actions.edit_post(db, post_id, PostEdit(archived=False), by=by, origin=origin)
    return _done(post_id, "restored")


@router.post("/{post_id}/delete")
async def delete_draft(
    request: Request,
    db: Transaction,
    post_id: UUID,
    by: MayWrite,
    origin: RequestOrigin,
    sent: Sent,
) -> Response:
    async with attempt(db, sent, "state") as tried:
        await actions.delete_draft(db, post_id, by=by, origin=origin)
    if tried.refusal:
        return await show_post(request, db, by, post_id, refused=tried.refusal)
    return RedirectResponse("/posts/~all?done=deleted", status.HTTP_303_SEE_OTHER)


def _values(sent: SentForm) -> dict[str, Any]:
    return {
        "title": sent.value("title"),
        "body": sent.value("body"),
        "minimum_rank": sent.maybe("minimum_rank"),
    }


def _publishing(sent: SentForm) -> dict[str, Any]:
    """Return when a form wants a post to be read from: never, at once, or later."""
    when = sent.value("when")
    if when == "later":
        moment = sent.moment("publish_at")
        if moment is None:
            raise PublishTimeMissing
        return {"publish_at": moment}
    return {"publish_at": datetime.now(UTC) if when == "now" else None}


async def _form(
    request: Request,
    db: Transaction,
    post: Post | None,
    *,
    sent: SentForm | None = None,
    refused: Refusal | None = None,
) -> Response:
    preview: Markup | None = to_html(sent.value("body")) if sent and not refused else None
    kept = post.minimum_rank if post else None
    ladder = await list_ranks(db)
    ranks = [rank for rank in ladder if rank.archived_at is None or rank.code == kept]
    return render(
        request,
        "post_edit.html",
        status=refused.status if refused else status.HTTP_200_OK,
        post=post,
        state=state_of(post, datetime.now(UTC)) if post else None,
        sent=sent,
        preview=preview,
        ranks=ranks,
        refused=refused,
    )


def _done(post_id: UUID, done: str) -> Response:
    return RedirectResponse(f"/posts/{post_id}?done={done}", status.HTTP_303_SEE_OTHER)
