"""The triggers that keep ``achievements`` and ``name_parts`` equal to the profiles they are made of.

Both are what the directory is searched by. Whoever writes a profile, they follow in its transaction.
"""

from backend.community.models.achievement import Achievement
from backend.community.models.member import Member
from backend.community.models.name_part import NamePart
from backend.tables import runs_after_create

NAME_PARTS_OF = """
CREATE FUNCTION name_parts_of(name text) RETURNS SETOF text LANGUAGE sql IMMUTABLE AS $$
SELECT substr(lower(name), place) FROM generate_series(1, length(lower(name)) - 2) AS place
$$
"""
ACHIEVED = """
CREATE FUNCTION achieved(missions jsonb, trainings jsonb)
RETURNS TABLE (kind varchar, slug text, valid_until date) LANGUAGE sql STABLE AS $$
SELECT DISTINCT 'mission'::varchar, entry ->> 'slug', 'infinity'::date
FROM jsonb_array_elements(missions) AS entry WHERE entry ->> 'slug' IS NOT NULL
UNION ALL
SELECT 'training'::varchar, entry ->> 'slug', max(CASE
    WHEN entry ->> 'expires_at' IS NULL THEN 'infinity'
    WHEN pg_input_is_valid(entry ->> 'expires_at', 'date') THEN (entry ->> 'expires_at')::date
    ELSE '-infinity'
END)
FROM jsonb_array_elements(trainings) AS entry
WHERE entry ->> 'slug' IS NOT NULL AND entry ->> 'result' IN ('pass', 'waived')
GROUP BY 2
$$
"""
# Somebody's achievements as they should be.
LISTED = """
CREATE FUNCTION listed_achievements(wanted bigint[])
RETURNS TABLE (
    member_id bigint, kind varchar, slug text, name text, rank varchar, valid_until date
) LANGUAGE sql STABLE AS $$
SELECT members.id, done.kind, done.slug, lower(members.display_name), members.rank, done.valid_until
FROM members, achieved(members.missions_completed, members.trainings_completed) AS done
WHERE members.id = ANY (wanted)
$$
"""
LIST_ACHIEVEMENTS = """
CREATE FUNCTION list_achievements(changed bigint[]) RETURNS void LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    WITH listed AS MATERIALIZED (SELECT * FROM listed_achievements(changed)),
    gone AS (
        DELETE FROM achievements WHERE member_id = ANY (changed) AND NOT EXISTS (
            SELECT FROM listed WHERE listed.member_id = achievements.member_id
                AND listed.kind = achievements.kind AND listed.slug = achievements.slug
        )
    )
    INSERT INTO achievements (member_id, kind, slug, name, rank, valid_until)
    SELECT * FROM listed
    ON CONFLICT (member_id, kind, slug) DO UPDATE
        SET name = excluded.name, rank = excluded.rank, valid_until = excluded.valid_until
        WHERE (achievements.name, achievements.rank, achievements.valid_until)
            IS DISTINCT FROM (excluded.name, excluded.rank, excluded.valid_until);
END
$$
"""
LIST_MEMBERS = """
CREATE FUNCTION list_members(changed bigint[]) RETURNS void LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO name_parts (part, name, member_id)
    SELECT part, lower(display_name), id FROM members, name_parts_of(display_name) AS part
    WHERE id = ANY (changed)
    ON CONFLICT DO NOTHING;
    PERFORM list_achievements(changed);
END
$$
"""
LIST_NEW = """
CREATE FUNCTION list_new_members() RETURNS trigger LANGUAGE plpgsql
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
LIST_CHANGED = """
CREATE FUNCTION list_changed_members() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    renamed bigint[] := ARRAY(
        SELECT id FROM taken JOIN added USING (id) WHERE taken.display_name <> added.display_name
    );
    changed bigint[] := ARRAY(
        SELECT id FROM taken JOIN added USING (id)
        WHERE (taken.display_name, taken.rank, taken.missions_completed, taken.trainings_completed)
            <> (added.display_name, added.rank, added.missions_completed, added.trainings_completed)
    );
BEGIN
    IF cardinality(renamed) > 0 THEN
        DELETE FROM name_parts USING taken, name_parts_of(taken.display_name) AS former
        WHERE taken.id = ANY (renamed) AND name_parts.part = former
            AND name_parts.name = lower(taken.display_name) AND name_parts.member_id = taken.id;
        INSERT INTO name_parts (part, name, member_id)
        SELECT part, lower(display_name), id FROM added, name_parts_of(display_name) AS part
        WHERE id = ANY (renamed);
    END IF;
    IF cardinality(changed) > 0 THEN
        PERFORM list_achievements(changed);
    END IF;
    RETURN NULL;
END
$$
"""
FORGET_MEMBERS = """
CREATE FUNCTION forget_members() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    DELETE FROM name_parts USING taken, name_parts_of(taken.display_name) AS former
    WHERE name_parts.part = former AND name_parts.name = lower(taken.display_name)
        AND name_parts.member_id = taken.id;
    RETURN NULL;
END
$$
"""
FORGET_ALL = """
CREATE FUNCTION forget_all_members() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    DELETE FROM name_parts;
    RETURN NULL;
END
$$
"""
FORGET_ALL_TRIGGER = """
CREATE TRIGGER members_list_truncation AFTER TRUNCATE ON members
FOR EACH STATEMENT EXECUTE FUNCTION forget_all_members()
"""


def _list(event: str, rows: str, function: str) -> str:
    return f"""
CREATE TRIGGER members_list_{event} AFTER {event.upper()} ON members
REFERENCING {rows} FOR EACH STATEMENT EXECUTE FUNCTION {function}()
"""


for earlier in (Member, NamePart):
    Achievement.__table__.add_is_dependent_on(earlier.__table__)  # type: ignore[attr-defined]
runs_after_create(
    Achievement.__table__,  # type: ignore[arg-type]
    NAME_PARTS_OF,
    ACHIEVED,
    LISTED,
    LIST_ACHIEVEMENTS,
    LIST_MEMBERS,
    LIST_NEW,
    LIST_CHANGED,
    FORGET_MEMBERS,
    _list("insert", "NEW TABLE AS added", "list_new_members"),
    _list("update", "OLD TABLE AS taken NEW TABLE AS added", "list_changed_members"),
    _list("delete", "OLD TABLE AS taken", "forget_members"),
    FORGET_ALL,
    FORGET_ALL_TRIGGER,
)
