"""Posts: written, scheduled, edited, archived. Only a draft is ever deleted."""

from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from backend.community.access.queries import Access
from backend.community.audit.actions import record
from backend.community.audit.origin import Origin
from backend.community.models import Post
from backend.community.posts.errors import PostIsPublished
from backend.community.posts.queries import get_post, now
from backend.community.posts.schemas import NewPost, PostEdit
from backend.community.ranks.queries import get_rank


async def write_post(db: AsyncSession, new: NewPost, *, by: Access, origin: Origin) -> Post:
    """Write a draft, or a post that is or will be published; raises RankNotFound."""
    if new.minimum_rank is not None:
        await get_rank(db, new.minimum_rank)
    post = Post(author_uid=by.uid, **new.model_dump())
    db.add(post)
    await db.flush()
    await db.refresh(post)
    record(
        db, "post.written", actor=by.uid, target=None, origin=origin, post=str(post.id),
        publish_at=_moment(post),
    )  # fmt: skip
    return post


async def edit_post(
    db: AsyncSession, post_id: UUID, edit: PostEdit, *, by: Access, origin: Origin
) -> Post:
    """Change a post; raises PostNotFound, RankNotFound, PostIsPublished."""
    post = await get_post(db, post_id, lock=True)
    wanted = edit.model_dump(exclude_unset=True, exclude={"archived"})
    if wanted.get("minimum_rank") is not None:
        await get_rank(db, wanted["minimum_rank"])
    changed = sorted(name for name, value in wanted.items() if getattr(post, name) != value)
    _check_stays_published(post, wanted)
    for name in changed:
        setattr(post, name, wanted[name])
    if edit.archived is not None and edit.archived != (post.archived_at is not None):
        post.archived_at = now() if edit.archived else None
        changed.append("archived")
    if edit.archived and post.publish_at is None:
        post.publish_at = now()
    if changed:
        post.edited_at = now()
        await db.flush()
        record(
            db, "post.edited", actor=by.uid, target=None, origin=origin, post=str(post.id),
            changed=changed, publish_at=_moment(post),
        )  # fmt: skip
    return post


async def delete_draft(db: AsyncSession, post_id: UUID, *, by: Access, origin: Origin) -> None:
    """Delete what nobody has been able to read; raises PostNotFound, PostIsPublished."""
    post = await get_post(db, post_id, lock=True)
    if post.publish_at is not None and post.publish_at <= now():
        raise PostIsPublished
    await db.delete(post)
    record(db, "post.deleted", actor=by.uid, target=None, origin=origin, post=str(post.id))


def _check_stays_published(post: Post, wanted: dict[str, Any]) -> None:
    """What was read cannot become a draft again."""
    is_public = post.publish_at is not None and post.publish_at <= now()
    if is_public and "publish_at" in wanted and wanted["publish_at"] != post.publish_at:
        raise PostIsPublished


def _moment(post: Post) -> str | None:
    return post.publish_at.isoformat() if post.publish_at else None
