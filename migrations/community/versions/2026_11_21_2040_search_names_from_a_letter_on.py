"""Keep names from each letter on, so that a search reads nobody else; plan an award's triggers once.

Revises: a7c4e1d92b60
Created: 2026-11-21
"""

from alembic import op

revision = "e5d20b7c41f8"
down_revision = "a7c4e1d92b60"
branch_labels = None
depends_on = None

FROM_A_LETTER_ON = """
CREATE OR REPLACE FUNCTION name_parts_of(name text) RETURNS SETOF text LANGUAGE sql IMMUTABLE AS $$
SELECT substr(lower(name), place) FROM generate_series(1, length(lower(name)) - 2) AS place
$$
"""
THREE_LETTERS = """
CREATE OR REPLACE FUNCTION name_parts_of(name text) RETURNS SETOF text LANGUAGE sql IMMUTABLE AS $$
SELECT DISTINCT substr(lower(name), place, 3) FROM generate_series(1, length(lower(name)) - 2) AS place
$$
"""
# Nobody renames himself meanwhile: he would be found by both.
LOCK = "LOCK TABLE members IN SHARE MODE"
WRITE_ANEW = (
    "TRUNCATE name_parts",
    "ALTER TABLE name_parts DROP CONSTRAINT name_parts_pkey",
    """
INSERT INTO name_parts (part, name, member_id)
SELECT part, lower(display_name), id FROM members, name_parts_of(display_name) AS part
""",
    "ALTER TABLE name_parts ADD CONSTRAINT name_parts_pkey PRIMARY KEY (part, name, member_id)",
    "ANALYZE name_parts",
)


def upgrade() -> None:
    for statement in (LOCK, FROM_A_LETTER_ON, *WRITE_ANEW):
        op.execute(statement)
    op.execute("ALTER FUNCTION follow_record() SET plan_cache_mode = force_generic_plan")


def downgrade() -> None:
    op.execute("ALTER FUNCTION follow_record() RESET plan_cache_mode")
    for statement in (LOCK, THREE_LETTERS, *WRITE_ANEW):
        op.execute(statement)
