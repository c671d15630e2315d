"""Create the ladder of ranks and the history of everybody on it.

Revises: 7be2059c14d3
Created: 2026-11-21
"""

import sqlalchemy as sa
from alembic import op

revision = "c03f8a61e7d2"
down_revision = "7be2059c14d3"
branch_labels = None
depends_on = None

LADDER = (
    ("recruit", "Recruit"),
    ("member", "Member"),
    ("veteran", "Veteran"),
    ("captain", "Captain"),
)
# What members are called already becomes part of the ladder, above the rest.
ADOPT = """
INSERT INTO ranks (code, name, position)
SELECT rank, rank, 100 + row_number() OVER (ORDER BY rank) FROM (
    SELECT DISTINCT rank FROM members WHERE rank ~ '^[a-z0-9][a-z0-9_-]{0,63}$'
) AS used
ON CONFLICT (code) DO NOTHING
"""


def upgrade() -> None:
    ranks = op.create_table(
        "ranks",
        sa.Column("code", sa.String(64), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("description", sa.Text()),
        sa.Column("archived_at", sa.DateTime(timezone=True)),
        _now("created_at"),
        sa.PrimaryKeyConstraint("code", name="ranks_pkey"),
        sa.UniqueConstraint("position", name="ranks_position_key", deferrable=True),
        sa.CheckConstraint(
            "code ~ '^[a-z0-9][a-z0-9_-]{0,63}$'", name=op.f("ranks_code_form_check")
        ),
    )
    op.bulk_insert(
        ranks,
        [
            {"code": code, "name": name, "position": position}
            for position, (code, name) in enumerate(LADDER, start=1)
        ],
    )
    op.execute(ADOPT)
    op.execute("GRANT SELECT, INSERT, UPDATE ON ranks TO farout_app")
    _create_rank_changes()


def _now(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False)


def _create_rank_changes() -> None:
    op.create_table(
        "rank_changes",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("rank", sa.String(64), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("changed_by", sa.Uuid()),
        _now("created_at"),
        sa.Column("undone_at", sa.DateTime(timezone=True)),
        sa.Column("undone_by", sa.Uuid()),
        sa.Column("undo_reason", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="rank_changes_pkey"),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name="rank_changes_member_id_fkey"),
        sa.CheckConstraint(
            "kind IN ('initial', 'promotion', 'demotion')",
            name=op.f("rank_changes_kind_known_check"),
        ),
        sa.CheckConstraint(
            "(undone_at IS NULL) = (undo_reason IS NULL)",
            name=op.f("rank_changes_whole_undo_check"),
        ),
        sa.CheckConstraint(
            "kind <> 'initial' OR undone_at IS NULL", name=op.f("rank_changes_initial_stays_check")
        ),
    )
    op.create_index(
        "rank_changes_member_id_idx", "rank_changes", ["member_id", "effective_on", "id"]
    )
    op.create_index(
        "rank_changes_initial_key",
        "rank_changes",
        ["member_id"],
        unique=True,
        postgresql_where=sa.text("kind = 'initial'"),
    )
    op.execute(
        "GRANT SELECT, INSERT, UPDATE (undone_at, undone_by, undo_reason) ON rank_changes"
        " TO farout_app"
    )


def downgrade() -> None:
    op.drop_table("rank_changes")
    op.drop_table("ranks")
