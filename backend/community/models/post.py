from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Index, String, Text, Uuid, func, text
from sqlalchemy.orm import Mapped, mapped_column

from backend.community.models.base import Base
from backend.community.models.rank import Rank
from backend.tables import grants


class Post(Base):
    """News: a draft until it has a moment from which it may be read, which may lie in the future."""

    __tablename__ = "blog_posts"
    __table_args__ = (
        CheckConstraint("archived_at IS NULL OR publish_at IS NOT NULL", "archived_was_published"),
        Index("blog_posts_publish_at_idx", "publish_at", "id"),
        grants(farout_app="SELECT, INSERT, UPDATE, DELETE"),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, server_default=text("uuidv7()"))
    title: Mapped[str] = mapped_column(String(120))
    # Markdown as it was written; what is shown is made from it each time.
    body: Mapped[str] = mapped_column(Text)
    # Null: everybody who may read posts.
    minimum_rank: Mapped[str | None] = mapped_column(String(64), ForeignKey(Rank.code))
    author_uid: Mapped[UUID] = mapped_column(Uuid)
    publish_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    archived_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    edited_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
