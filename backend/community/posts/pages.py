from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Request, Response

from backend.community.access.callers import Needs
from backend.community.access.permissions import Permission
from backend.community.access.queries import Access
from backend.community.dependencies import Cursors, Transaction
from backend.community.posts import queries
from backend.web.markdown import to_html
from backend.web.pages import render

router = APIRouter(prefix="/posts", include_in_schema=False)

MayRead = Annotated[Access, Needs(Permission.POSTS_READ)]
_PAGE_SIZE = 10


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
    return render(request, "posts.html", posts=page.posts, next_url=next_url)


@router.get("/{post_id}")
async def post_page(request: Request, db: Transaction, post_id: UUID, reader: MayRead) -> Response:
    post = await queries.get_readable(db, reader, post_id)
    return render(request, "post.html", post=post, body=to_html(post.body))
