from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from backend.community.access.permissions import Permission
from backend.community.access.queries import Access
from backend.community.models import Member, Post, Rank
from backend.community.posts.errors import PostNotFound
from backend.web.cursors import Position


@dataclass(frozen=True)
class PostPage:
    """Some posts; ``last`` is where the next page goes on."""

    posts: Sequence[Post]
    last: Position | None


async def list_published(
    db: AsyncSession, reader: Access, *, after: Position | None, limit: int
) -> PostPage:
    """Return what the reader may read, newest first."""
    posts = (
        select(Post).where(*_readable_by(reader)).order_by(Post.publish_at.desc(), Post.id.desc())
    )
    if after is not None:
        moment = datetime.fromisoformat(str(after[0]))
        posts = posts.where(tuple_(Post.publish_at, Post.id) < tuple_(moment, UUID(str(after[1]))))
    return await _page(db, posts, limit)


async def list_all(db: AsyncSession, *, after: Position | None, limit: int) -> PostPage:
    """Return every post, drafts and archived ones included, newest first."""
    posts = select(Post).order_by(Post.id.desc())
    if after is not None:
        posts = posts.where(Post.id < UUID(str(after[1])))
    return await _page(db, posts, limit)


async def _page(db: AsyncSession, posts: Select[Post], limit: int) -> PostPage:
    rows = (await db.scalars(posts.limit(limit + 1))).all()
    page = rows[:limit]
    if len(rows) <= limit:
        return PostPage(page, None)
    moment = (page[-1].publish_at or page[-1].created_at).isoformat()
    return PostPage(page, (moment, str(page[-1].id)))


def _readable_by(reader: Access) -> list[ColumnElement[bool]]:
    """A post for a rank is for that rank and those above; writers read everything."""
    conditions = [Post.publish_at <= func.now(), Post.archived_at.is_(None)]
    if not reader.may(Permission.POSTS_WRITE):
        own = (
            select(Rank.position)
            .join(Member, Member.rank == Rank.code)
            .where(Member.discord_id == (reader.discord_id or ""))
            .scalar_subquery()
        )
        reached = select(Rank.code).where(Rank.position <= own)
        conditions.append(or_(Post.minimum_rank.is_(None), Post.minimum_rank.in_(reached)))
    return conditions


async def get_readable(db: AsyncSession, reader: Access, post_id: UUID) -> Post:
    """Return a post that the reader may read; what is hidden from them is as if it were not there."""
    wanted = select(Post).where(Post.id == post_id)
    if not reader.may(Permission.POSTS_WRITE):
        wanted = wanted.where(*_readable_by(reader))
    post = await db.scalar(wanted)
    if post is None:
        raise PostNotFound
    return post


async def get_post(db: AsyncSession, post_id: UUID, *, lock: bool = False) -> Post:
    post = await db.get(Post, post_id, with_for_update=lock or None)
    if post is None:
        raise PostNotFound
    return post


def now() -> datetime:
    return datetime.now(UTC)
