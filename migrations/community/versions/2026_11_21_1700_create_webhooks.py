"""Create events, webhooks that tell of them, and the counting of what API keys do.

Revises: e2b94d7f6c18
Created: 2026-11-21
"""

from alembic import op

revision = "3e7c91d05ab8"
down_revision = "e2b94d7f6c18"
branch_labels = None
depends_on = None

STATEMENTS = (
    """
ALTER TABLE api_keys ADD COLUMN full_at TIMESTAMP WITH TIME ZONE
""",
    """
GRANT UPDATE (full_at) ON api_keys TO farout_app
""",
    """
CREATE TABLE api_key_days (
    key_id UUID NOT NULL,
    day DATE NOT NULL,
    requests BIGINT DEFAULT 0 NOT NULL,
    refused BIGINT DEFAULT 0 NOT NULL,
    CONSTRAINT api_key_days_pkey PRIMARY KEY (key_id, day),
    CONSTRAINT api_key_days_key_id_fkey FOREIGN KEY(key_id) REFERENCES api_keys (id)
)
""",
    """
GRANT SELECT, INSERT, UPDATE ON api_key_days TO farout_app
""",
    """
GRANT SELECT, DELETE ON api_key_days TO farout_sync
""",
    """
CREATE TABLE events (
    id UUID DEFAULT uuidv7() NOT NULL,
    type VARCHAR(64) NOT NULL,
    occurred_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    data JSONB NOT NULL,
    endpoint_id UUID,
    CONSTRAINT events_pkey PRIMARY KEY (id)
)
""",
    """
CREATE INDEX events_occurred_at_idx ON events (occurred_at)
""",
    """
GRANT SELECT, INSERT ON events TO farout_app
""",
    """
GRANT SELECT, INSERT, DELETE ON events TO farout_sync
""",
    """
CREATE TABLE webhook_endpoints (
    id UUID DEFAULT uuidv7() NOT NULL,
    url TEXT NOT NULL,
    description VARCHAR(120) DEFAULT '' NOT NULL,
    event_types VARCHAR(64)[] NOT NULL,
    secret BYTEA,
    previous_secret BYTEA,
    previous_secret_until TIMESTAMP WITH TIME ZONE,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    created_by UUID NOT NULL,
    disabled_at TIMESTAMP WITH TIME ZONE,
    disabled_because VARCHAR(16),
    deleted_at TIMESTAMP WITH TIME ZONE,
    failures INTEGER DEFAULT 0 NOT NULL,
    failing_since TIMESTAMP WITH TIME ZONE,
    resting_until TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT webhook_endpoints_pkey PRIMARY KEY (id),
    CONSTRAINT webhook_endpoints_wants_something_check CHECK (cardinality(event_types) > 0),
    CONSTRAINT webhook_endpoints_whole_disabling_check CHECK ((disabled_at IS NULL) =
        (disabled_because IS NULL)),
    CONSTRAINT webhook_endpoints_known_reason_check CHECK (disabled_because::text IN ('by_hand',
        'gone', 'failing')),
    CONSTRAINT webhook_endpoints_whole_previous_secret_check CHECK ((previous_secret IS NULL) =
        (previous_secret_until IS NULL)),
    CONSTRAINT webhook_endpoints_no_secret_is_left_check CHECK (deleted_at IS NULL OR
        num_nonnulls(secret, previous_secret) = 0),
    CONSTRAINT webhook_endpoints_has_a_secret_check CHECK (deleted_at IS NOT NULL OR secret IS NOT
        NULL),
    CONSTRAINT webhook_endpoints_failures_counted_check CHECK (failures >= 0)
)
""",
    """
GRANT SELECT, INSERT, UPDATE ON webhook_endpoints TO farout_app
""",
    """
GRANT SELECT, UPDATE, DELETE ON webhook_endpoints TO farout_sync
""",
    """
CREATE TABLE webhook_deliveries (
    id UUID DEFAULT uuidv7() NOT NULL,
    endpoint_id UUID NOT NULL,
    event_id UUID NOT NULL,
    attempts INTEGER DEFAULT 0 NOT NULL,
    next_attempt_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    delivered_at TIMESTAMP WITH TIME ZONE,
    given_up_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT webhook_deliveries_pkey PRIMARY KEY (id),
    CONSTRAINT webhook_deliveries_event_id_endpoint_id_key UNIQUE (event_id, endpoint_id),
    CONSTRAINT webhook_deliveries_ended_one_way_check CHECK (num_nonnulls(delivered_at, given_up_at)
        < 2),
    CONSTRAINT webhook_deliveries_endpoint_id_fkey FOREIGN KEY(endpoint_id) REFERENCES
        webhook_endpoints (id) ON DELETE CASCADE,
    CONSTRAINT webhook_deliveries_event_id_fkey FOREIGN KEY(event_id) REFERENCES events (id) ON
        DELETE CASCADE
)
""",
    """
CREATE INDEX webhook_deliveries_due_idx ON webhook_deliveries (endpoint_id, next_attempt_at) WHERE
    delivered_at IS NULL AND given_up_at IS NULL
""",
    """
CREATE INDEX webhook_deliveries_log_idx ON webhook_deliveries (endpoint_id, id)
""",
    """
GRANT SELECT, INSERT, UPDATE ON webhook_deliveries TO farout_app
""",
    """
GRANT SELECT, INSERT, UPDATE ON webhook_deliveries TO farout_sync
""",
    """
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
""",
    """
CREATE TRIGGER events_queue_webhook_deliveries AFTER INSERT ON events
FOR EACH ROW EXECUTE FUNCTION queue_webhook_deliveries()
""",
    """
CREATE TABLE webhook_attempts (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    delivery_id UUID NOT NULL,
    at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    milliseconds INTEGER NOT NULL,
    status INTEGER,
    error VARCHAR(120),
    answer TEXT,
    CONSTRAINT webhook_attempts_pkey PRIMARY KEY (id),
    CONSTRAINT webhook_attempts_delivery_id_fkey FOREIGN KEY(delivery_id) REFERENCES
        webhook_deliveries (id) ON DELETE CASCADE
)
""",
    """
CREATE INDEX webhook_attempts_delivery_id_idx ON webhook_attempts (delivery_id)
""",
    """
GRANT SELECT ON webhook_attempts TO farout_app
""",
    """
GRANT SELECT, INSERT ON webhook_attempts TO farout_sync
""",
    """
INSERT INTO role_permissions VALUES ('admin', 'webhooks.manage')
""",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    op.execute("DELETE FROM role_permissions WHERE permission = 'webhooks.manage'")
    op.execute("DROP TRIGGER events_queue_webhook_deliveries ON events")
    op.execute("DROP FUNCTION queue_webhook_deliveries()")
    for table in (
        "webhook_attempts", "webhook_deliveries", "webhook_endpoints", "events", "api_key_days",
    ):  # fmt: skip
        op.drop_table(table)
    op.drop_column("api_keys", "full_at")
