from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, DateTime, Index, String, Uuid, func, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from backend.community.models.base import Base
from backend.tables import grants, runs_after_create

# What auth owns: written by farout_sync alone.
MIRRORED = (
    "user_id", "uid", "discord_id", "username", "email", "role", "is_active", "version",
    "synced_at", "deleted_at",
)  # fmt: skip
# What the community owns: written by farout_app alone.
OWN = ("permissions", "plan_tier", "feature_flags", "settings", "tags")


class MirroredUser(Base):
    """A user of auth as the community may know them, and what the community itself says of them.

    A copy is never stricter than its original, so no copied column is unique: two users who swap
    their names must not block each other. A deleted user leaves the row as a tombstone, without
    personal data, so that a late event cannot bring them back.
    """

    __tablename__ = "userbase"
    __table_args__ = (
        CheckConstraint("(deleted_at IS NULL) = (username IS NOT NULL)", "named_unless_deleted"),
        CheckConstraint(
            "deleted_at IS NULL OR (discord_id IS NULL AND email IS NULL AND NOT is_active)",
            "empty_tombstone",
        ),
        CheckConstraint("jsonb_typeof(permissions) = 'array'", "permissions_array"),
        CheckConstraint("jsonb_typeof(feature_flags) = 'object'", "feature_flags_object"),
        CheckConstraint("jsonb_typeof(settings) = 'object'", "settings_object"),
        Index("userbase_uid_idx", "uid"),
        CheckConstraint(
            "cardinality(tags) <= 50 AND array_position(tags, NULL) IS NULL", "tags_few"
        ),
        Index("userbase_discord_id_idx", "discord_id"),
        Index("userbase_role_idx", "role", "user_id"),
        Index("userbase_tags_idx", "tags", postgresql_using="gin"),
        Index("userbase_plan_tier_idx", "plan_tier", postgresql_where=text("plan_tier <> 'free'")),
        Index(
            "userbase_feature_flags_idx",
            "feature_flags",
            postgresql_using="gin",
            postgresql_ops={"feature_flags": "jsonb_path_ops"},
        ),
        Index(
            "userbase_permissions_idx",
            "permissions",
            postgresql_using="gin",
            postgresql_ops={"permissions": "jsonb_path_ops"},
        ),
        # Few, and looked for with every page of the directory.
        Index("userbase_inactive_idx", "discord_id", postgresql_where=text("NOT is_active")),
        grants(
            farout_app=f"SELECT, UPDATE ({', '.join(OWN)})",
            farout_sync=f"SELECT, INSERT ({', '.join(MIRRORED)}), UPDATE ({', '.join(MIRRORED)})",
        ),
    )

    user_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    uid: Mapped[UUID] = mapped_column(Uuid)
    discord_id: Mapped[str | None] = mapped_column(String(20))
    username: Mapped[str | None] = mapped_column(String(64))
    email: Mapped[str | None] = mapped_column(String(320))
    role: Mapped[str] = mapped_column(String(32))
    is_active: Mapped[bool]
    version: Mapped[int] = mapped_column(BigInteger)
    synced_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    deleted_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    permissions: Mapped[list[Any]] = mapped_column(JSONB, server_default=text("'[]'::jsonb"))
    plan_tier: Mapped[str] = mapped_column(String(32), server_default=text("'free'"))
    feature_flags: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'::jsonb"))
    settings: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'::jsonb"))
    tags: Mapped[list[str]] = mapped_column(ARRAY(String(32)), server_default=text("'{}'"))


# The role that deletes may not write these columns, and nobody else hears of the deletion. Another uid
# under the same id is another person, as after a database that was made anew.
FORGET = """
CREATE FUNCTION forget_deleted_user() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.permissions := '[]';
    NEW.plan_tier := 'free';
    NEW.feature_flags := '{}';
    NEW.settings := '{}';
    NEW.tags := '{}';
    RETURN NEW;
END
$$
"""
FORGET_TRIGGER = """
CREATE TRIGGER userbase_forget_deleted BEFORE UPDATE ON userbase
FOR EACH ROW WHEN (NEW.uid <> OLD.uid OR (NEW.deleted_at IS NOT NULL AND OLD.deleted_at IS NULL))
EXECUTE FUNCTION forget_deleted_user()
"""
runs_after_create(MirroredUser.__table__, FORGET, FORGET_TRIGGER)  # type: ignore[arg-type]
