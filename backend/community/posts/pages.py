from datetime import UTC, datetime
from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Request, Response, status

from backend.community.access.callers import Needs
from backend.community.access.permissions import Permission
from backend.community.access.queries import Access
from backend.community.dependencies import Cursors, Transaction
from backend.community.members.queries import list_names_by_uid, list_rank_names
from backend.community.posts import queries
from backend.community.posts.schemas import state_of
from backend.web.forms import Refusal
from backend.web.markdown import to_html
from backend.web.pages import render

router = APIRouter(prefix="/posts", include_in_schema=False)

MayRead = Annotated[Access, Needs(Permission.POSTS_READ)]
_PAGE_SIZE = 10
_DONE = {
    "written": "The post was saved.",
    "edited": "The post was changed.",
    "published": "The post can be read now.",
    "withdrawn": "The post was withdrawn: nobody but those who write can read it.",
    "restored": "The post is back.",
}


@router.get("")
async def posts_page(
    request: Request,
    db: Transaction,
    reader: MayRead,
    cursors: Cursors,
    cursor: str | None = None,
) -> Response:
    after = cursors.read("posts", cursor)
    page = await queries.list_published(db, reader, after=after, limit=_PAGE_SIZE)
    following = cursors.write("posts", page.last)
    next_url = f"/posts?{urlencode({'cursor': following})}" if following else None
    return render(
        request,
        "posts.html",
        posts=page.posts,
        authors=await list_names_by_uid(db, {post.author_uid for post in page.posts}),
        rank_names=await list_rank_names(db),
        next_url=next_url,
    )


@router.get("/{post_id}")
async def post_page(
    request: Request, db: Transaction, post_id: UUID, reader: MayRead, done: str = ""
) -> Response:
    return await show_post(request, db, reader, post_id, done=done)


async def show_post(
    request: Request,
    db: Transaction,
    reader: Access,
    post_id: UUID,
    *,
    done: str = "",
    refused: Refusal | None = None,
) -> Response:
    post = await queries.get_readable(db, reader, post_id)
    authors = await list_names_by_uid(db, {post.author_uid})
    return render(
        request,
        "post.html",
        status=refused.status if refused else status.HTTP_200_OK,
        post=post,
        body=to_html(post.body),
        state=state_of(post, datetime.now(UTC)),
        author=authors.get(post.author_uid),
        rank_names=await list_rank_names(db),
        message=_DONE.get(done),
        refused=refused,
    )
