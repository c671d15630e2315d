from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    UniqueConstraint,
    Uuid,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from backend.community.models.base import Base
from backend.community.models.event import Event
from backend.community.models.webhook_endpoint import WebhookEndpoint
from backend.tables import grants, runs_after_create

_WAITS = text("delivered_at IS NULL AND given_up_at IS NULL")


class WebhookDelivery(Base):
    """One event on its way to one endpoint; ``next_attempt_at`` of a claimed one is when it is free again."""

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        UniqueConstraint("event_id", "endpoint_id"),
        CheckConstraint("num_nonnulls(delivered_at, given_up_at) < 2", "ended_one_way"),
        Index(
            "webhook_deliveries_due_idx", "endpoint_id", "next_attempt_at", postgresql_where=_WAITS
        ),
        Index("webhook_deliveries_log_idx", "endpoint_id", "id"),
        grants(farout_app="SELECT, INSERT, UPDATE", farout_sync="SELECT, INSERT, UPDATE"),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, server_default=text("uuidv7()"))
    endpoint_id: Mapped[UUID] = mapped_column(ForeignKey(WebhookEndpoint.id, ondelete="CASCADE"))
    event_id: Mapped[UUID] = mapped_column(ForeignKey(Event.id, ondelete="CASCADE"))
    attempts: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    next_attempt_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.clock_timestamp()
    )
    delivered_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    given_up_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


# In the event's own transaction: who commits one has queued it, who rolls back has told nobody.
QUEUE_DELIVERIES = """
CREATE FUNCTION queue_webhook_deliveries() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO webhook_deliveries (endpoint_id, event_id)
    SELECT one.id, NEW.id FROM webhook_endpoints one
    WHERE one.deleted_at IS NULL AND CASE
        WHEN NEW.endpoint_id IS NOT NULL THEN one.id = NEW.endpoint_id
        ELSE one.disabled_at IS NULL AND one.event_types && ARRAY[NEW.type, '*']::varchar[]
    END;
    IF FOUND THEN
        PERFORM pg_notify('farout_webhooks', '');
    END IF;
    RETURN NULL;
END
$$
"""
QUEUE_DELIVERIES_TRIGGER = """
CREATE TRIGGER events_queue_webhook_deliveries AFTER INSERT ON events
FOR EACH ROW EXECUTE FUNCTION queue_webhook_deliveries()
"""
runs_after_create(
    WebhookDelivery.__table__,  # type: ignore[arg-type]
    QUEUE_DELIVERIES,
    QUEUE_DELIVERIES_TRIGGER,
)
