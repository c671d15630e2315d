from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, status

from backend.community.access.callers import Needs
from backend.community.access.permissions import Permission
from backend.community.access.queries import Access
from backend.community.dependencies import Cursors, RequestOrigin, Transaction
from backend.community.models import Post
from backend.community.posts import actions, queries
from backend.community.posts.schemas import NewPost, PageSize, PostDetails, PostEdit, PostList
from backend.web.strict_json import StrictRoute

router = APIRouter(prefix="/api/posts", tags=["posts"], route_class=StrictRoute)

MayRead = Annotated[Access, Needs(Permission.POSTS_READ)]
MayWrite = Annotated[Access, Needs(Permission.POSTS_WRITE)]


@router.get("")
async def list_posts(
    db: Transaction,
    reader: MayRead,
    cursors: Cursors,
    limit: Annotated[PageSize, Query()] = 20,
    cursor: str | None = None,
) -> PostList:
    """The posts that the caller may read, newest first."""
    after = cursors.read("posts", cursor)
    page = await queries.list_published(db, reader, after=after, limit=limit)
    return _list(page, cursors.write("posts", page.last))


@router.get("/all")
async def list_all_posts(
    db: Transaction,
    _: MayWrite,
    cursors: Cursors,
    limit: Annotated[PageSize, Query()] = 20,
    cursor: str | None = None,
) -> PostList:
    """Every post, drafts, scheduled and archived ones included, for those who write."""
    page = await queries.list_all(db, after=cursors.read("all posts", cursor), limit=limit)
    return _list(page, cursors.write("all posts", page.last))


@router.post("", status_code=status.HTTP_201_CREATED)
async def write_post(
    db: Transaction, new: NewPost, by: MayWrite, origin: RequestOrigin
) -> PostDetails:
    """Write a post: a draft, one for now, or one for later."""
    return _details(await actions.write_post(db, new, by=by, origin=origin))


@router.get("/{post_id}")
async def get_post(db: Transaction, post_id: UUID, reader: MayRead) -> PostDetails:
    """One post, if the caller may read it."""
    return _details(await queries.get_readable(db, reader, post_id))


@router.patch("/{post_id}")
async def edit_post(
    db: Transaction, post_id: UUID, edit: PostEdit, by: MayWrite, origin: RequestOrigin
) -> PostDetails:
    """Edit, publish, schedule, archive or bring back a post."""
    return _details(await actions.edit_post(db, post_id, edit, by=by, origin=origin))


@router.delete("/{post_id}", status_code=status.HTTP_204_NO_CONTENT)
async def delete_draft(db: Transaction, post_id: UUID, by: MayWrite, origin: RequestOrigin) -> None:
    """Delete a post that nobody has been able to read yet."""
    await actions.delete_draft(db, post_id, by=by, origin=origin)


def _details(post: Post) -> PostDetails:
    return PostDetails.of(post, datetime.now(UTC))


def _list(page: queries.PostPage, next_cursor: str | None) -> PostList:
    return PostList(items=[_details(post) for post in page.posts], next_cursor=next_cursor)
