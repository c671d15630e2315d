from datetime import datetime
from uuid import UUID

from sqlalchemy import DateTime, String, Uuid, func
from sqlalchemy.orm import Mapped, mapped_column

from backend.community.models.base import Base
from backend.community.models.mirrored_user import MirroredUser
from backend.tables import grants, runs_after_create


class FormerDiscordId(Base):
    """A Discord account that somebody had linked: the profile that it led to is theirs to erase."""

    __tablename__ = "former_discord_ids"
    __table_args__ = (grants(farout_app="SELECT"),)

    uid: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    discord_id: Mapped[str] = mapped_column(String(20), primary_key=True)
    unlinked_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.now()
    )


REMEMBER = """
CREATE FUNCTION remember_discord_id() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO former_discord_ids (uid, discord_id) VALUES (OLD.uid, OLD.discord_id)
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END
$$
"""
REMEMBER_TRIGGER = """
CREATE TRIGGER userbase_remember_discord_id AFTER UPDATE ON userbase
FOR EACH ROW WHEN (
    OLD.discord_id IS NOT NULL AND NEW.discord_id IS DISTINCT FROM OLD.discord_id
    AND NEW.uid = OLD.uid AND NEW.deleted_at IS NULL
) EXECUTE FUNCTION remember_discord_id()
"""
FormerDiscordId.__table__.add_is_dependent_on(MirroredUser.__table__)  # type: ignore[attr-defined]
runs_after_create(
    FormerDiscordId.__table__,  # type: ignore[arg-type]
    REMEMBER,
    REMEMBER_TRIGGER,
)
