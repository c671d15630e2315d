"""List what is new of new members alone: a sign-in of somebody who is here inserts none.

Revises: c5d20a9e71f4
Created: 2026-11-21
"""

from alembic import op

revision = "8b3f6d02c9e7"
down_revision = "c5d20a9e71f4"
branch_labels = None
depends_on = None

WHOEVER_CAME = """
CREATE OR REPLACE FUNCTION list_new_members() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    experienced bigint[] := ARRAY(
        SELECT id FROM added WHERE missions_completed <> '[]' OR trainings_completed <> '[]'
    );
BEGIN
    INSERT INTO name_parts (part, name, member_id)
    SELECT part, lower(display_name), id FROM added, name_parts_of(display_name) AS part;
    IF cardinality(experienced) > 0 THEN
        PERFORM list_achievements(experienced);
    END IF;
    RETURN NULL;
END
$$
"""
ALWAYS = """
CREATE OR REPLACE FUNCTION list_new_members() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM list_members(ARRAY(SELECT id FROM added));
    RETURN NULL;
END
$$
"""


def upgrade() -> None:
    op.execute(WHOEVER_CAME)


def downgrade() -> None:
    op.execute(ALWAYS)
