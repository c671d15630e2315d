"""Create import_runs, and let admins export.

Revises: b64f1ce8d927
Created: 2026-11-21
"""

from alembic import op

revision = "9c07e5a1d3b4"
down_revision = "b64f1ce8d927"
branch_labels = None
depends_on = None

IMPORTS = (
    """
CREATE TABLE import_runs (
    digest VARCHAR(64) NOT NULL,
    name VARCHAR(255) NOT NULL,
    started_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    finished_at TIMESTAMP WITH TIME ZONE,
    position BIGINT DEFAULT 0 NOT NULL,
    outcomes JSONB DEFAULT '{}'::jsonb NOT NULL,
    report_bytes BIGINT DEFAULT 0 NOT NULL,
    CONSTRAINT import_runs_pkey PRIMARY KEY (digest)
)
""",
    "GRANT SELECT, INSERT, UPDATE ON import_runs TO farout_app",
    """
CREATE FUNCTION import_revocations(wanted jsonb) RETURNS void LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    LOCK TABLE completion_revocations IN ROW EXCLUSIVE MODE;
    INSERT INTO completion_revocations (completion_id, revoked_at, revoked_by, reason)
    SELECT completions.id,
        CASE WHEN completions.recorded_at >= now() AND NOT EXISTS (
            SELECT FROM seasons WHERE seasons.closed_at >= completions.recorded_at
        ) THEN least(given.revoked_at, clock_timestamp()) ELSE clock_timestamp() END,
        given.revoked_by,
        given.reason
    FROM jsonb_to_recordset(wanted)
        AS given (id uuid, revoked_at timestamptz, revoked_by uuid, reason text)
    JOIN completions ON completions.id = given.id;
END
$$
""",
    "REVOKE EXECUTE ON FUNCTION import_revocations(jsonb) FROM PUBLIC",
    "GRANT EXECUTE ON FUNCTION import_revocations(jsonb) TO farout_app",
    "INSERT INTO role_permissions VALUES ('admin', 'members.export')",
)


def upgrade() -> None:
    for statement in IMPORTS:
        op.execute(statement)


def downgrade() -> None:
    op.execute("DELETE FROM role_permissions WHERE permission = 'members.export'")
    op.execute("DROP FUNCTION import_revocations")
    op.drop_table("import_runs")
