"""SQL that makes the community's side of the people whom ``people`` made."""

# Those whom the community does not have yet, in the order in which they joined. One share of them
# is made in one transaction, by one connection, which sees its share as `people`.
TO_COME_TABLE = """
DROP TABLE IF EXISTS fill_people;
CREATE TABLE fill_people (
    user_id bigint, uid uuid, discord_id text, username text, email text, role text,
    is_active boolean, version bigint, created_at timestamptz, n int,
    place int
)
"""
COLUMNS = (
    "user_id", "uid", "discord_id", "username", "email", "role", "is_active", "version",
    "created_at", "n",
)  # fmt: skip
ALREADY_HERE = """
DELETE FROM fill_people USING members WHERE members.discord_id = fill_people.discord_id
"""
NUMBER_ANEW = """
WITH gone AS (DELETE FROM fill_people RETURNING *)
INSERT INTO fill_people SELECT user_id, uid, discord_id, username, email, role, is_active, version,
    created_at, n, row_number() OVER (ORDER BY created_at, n) FROM gone
"""
OFFICER = """
SELECT uid FROM (
    SELECT user_id, uid, role FROM userbase UNION ALL SELECT user_id, uid, role FROM fill_people
) AS everybody WHERE role <> 'member' ORDER BY user_id LIMIT 1
"""
SHARE = """
CREATE TEMPORARY TABLE IF NOT EXISTS people (LIKE fill_people) ON COMMIT DELETE ROWS
"""
# $1 and $2: the places of a share.
TAKE_SHARE = "INSERT INTO people SELECT * FROM fill_people WHERE place >= $1 AND place < $2"
MIRROR = """
INSERT INTO userbase (user_id, uid, discord_id, username, email, role, is_active, version)
SELECT user_id, uid, discord_id, username, email, role, is_active, version FROM people
WHERE NOT EXISTS (SELECT FROM userbase WHERE userbase.user_id = people.user_id)
ORDER BY user_id
"""
# $1: ranks.
MEMBERS = """
INSERT INTO members (discord_id, display_name, bio, rank, created_at)
SELECT discord_id, initcap(replace(username, '.', ' ')),
    CASE WHEN n % 4 > 0 THEN 'Hello, I am ' || initcap(split_part(username, '.', 1)) || '.' END,
    ($1::text[])[1 + (hashint8(n + 7) & 1023) % cardinality($1::text[])],
    created_at
FROM people WHERE NOT EXISTS (SELECT FROM members WHERE members.discord_id = people.discord_id)
ORDER BY created_at, n
"""
MISSIONS = """
INSERT INTO missions (slug, title, briefing, points, minutes)
SELECT lower(replace(title, ' ', '-')), title, 'Be at the ramp ten minutes early.',
    20 + 5 * (place % 8), 60 + 15 * (place % 6)
FROM unnest($1::text[]) WITH ORDINALITY AS one (title, place)
ON CONFLICT DO NOTHING
"""
TRAININGS = """
INSERT INTO trainings (slug, title, level, valid_days, points)
SELECT * FROM unnest($1::text[], $2::text[], $3::smallint[], $4::int[], $5::int[])
ON CONFLICT DO NOTHING
"""
PREREQUISITES = """
INSERT INTO training_prerequisites (training_id, required_id)
SELECT one.id, other.id FROM unnest($1::text[], $2::text[]) AS pair (slug, required)
JOIN trainings one ON one.slug = pair.slug JOIN trainings other ON other.slug = pair.required
ON CONFLICT DO NOTHING
"""
INSTRUCTORS = """
INSERT INTO training_instructors (training_id, member_id)
SELECT trainings.id, members.id
FROM trainings CROSS JOIN (
    SELECT discord_id FROM people WHERE role = 'officer' AND is_active ORDER BY n LIMIT 2
) AS officers
JOIN members ON members.discord_id = officers.discord_id
ON CONFLICT DO NOTHING
"""
SEASON = """
INSERT INTO seasons (slug, title, starts_at, ends_at)
SELECT to_char(now(), 'YYYY"q"Q'), to_char(now(), '"Quarter "Q" of "YYYY'),
    date_trunc('quarter', now()), date_trunc('quarter', now()) + interval '3 months'
ON CONFLICT DO NOTHING
"""
COUNTER = """
INSERT INTO counters (key, title) VALUES ('kudos', 'Kudos from others') ON CONFLICT DO NOTHING
"""
KUDOS = """
WITH given AS (
    INSERT INTO member_counters (member_id, counter, value)
    SELECT members.id, 'kudos', 1 + (hashint8(people.n + 11) & 63)
    FROM people JOIN members USING (discord_id) WHERE people.n % 5 = 0
    ON CONFLICT DO NOTHING
    RETURNING member_id, counter, value
)
INSERT INTO counter_changes (member_id, counter, change, counted_at)
SELECT given.member_id, given.counter, given.value,
    members.created_at + (now() - members.created_at) * ((hashint8(given.member_id) & 1023) / 1024.0)
FROM given JOIN members ON members.id = given.member_id
"""
# From none to 39 a person, 8.5 on average: few do much and many do little. $1: roles, $2: missions,
# $3: who awarded all of it.
FLOWN = """
WITH catalogue AS (
    SELECT *, row_number() OVER (ORDER BY slug) - 1 AS place FROM missions
    WHERE slug = ANY ($2::text[])
),
doers AS (
    SELECT members.id, people.n, people.created_at,
        ((hashint8(people.n + 13) & 1023) * (hashint8(people.n + 17) & 1023) * 39 / 1046529)::int
            AS done
    FROM people JOIN members USING (discord_id)
),
flown AS (
    SELECT doers.*, k, doers.created_at + (now() - interval '1 day' - doers.created_at)
        * ((hashint8(doers.n::bigint * 64 + k) & 65535) / 65536.0) AS moment
    FROM doers, generate_series(1, doers.done) AS k
)
INSERT INTO completions (id, member_id, kind, mission_id, slug, title, role, outcome, minutes,
    points, completed_at, awarded_by, awarded_at, recorded_at, via)
SELECT uuidv7(flown.moment - now() + interval '1 hour'), flown.id, 'mission', c.id, c.slug, c.title,
    ($1::text[])[1 + (flown.n + k) % cardinality($1::text[])],
    CASE (flown.n + k) % 9 WHEN 0 THEN 'partial' WHEN 1 THEN 'failure' ELSE 'success' END,
    c.minutes + (flown.n + k) % 20, c.points, moment, $3::uuid,
    moment + interval '1 hour', moment + interval '1 hour', 'web'
FROM flown
-- 7 and 40 have no common divisor, so nobody gets a mission twice.
JOIN catalogue c ON c.place = (flown.n * 13 + k * 7) % 40
WHERE $3::uuid IS NOT NULL
-- As a ledger grows: the entries of one member are far from each other.
ORDER BY flown.moment
"""
PASSED = """
WITH catalogue AS (
    SELECT *, row_number() OVER (ORDER BY slug) - 1 AS place FROM trainings
    WHERE slug = ANY ($1::text[])
),
passed AS (
    SELECT members.id, people.n, k,
        people.created_at + (now() - interval '1 day' - people.created_at)
            * ((hashint8(people.n::bigint * 64 + 40 + k) & 65535) / 65536.0) AS moment
    FROM people JOIN members USING (discord_id)
    CROSS JOIN LATERAL generate_series(1, (hashint8(people.n + 19) & 1023) % 4) AS k
)
INSERT INTO completions (id, member_id, kind, training_id, slug, title, level, result, score,
    instructor_uid, expires_on, repeat_on, points, completed_at, awarded_by, awarded_at,
    recorded_at, via)
SELECT uuidv7(passed.moment - now() + interval '1 hour'), passed.id, 'training', c.id, c.slug,
    c.title, c.level, 'pass', 60 + (passed.n + k) % 41, $2::uuid,
    moment::date + c.valid_days, moment::date, c.points, moment, $2::uuid,
    moment + interval '1 hour', moment + interval '1 hour', 'web'
FROM passed JOIN catalogue c ON c.place = (passed.n + k * 5) % 12
WHERE $2::uuid IS NOT NULL
ORDER BY passed.moment
"""
OCCURRENCES = """
INSERT INTO occurrences (mission_id, starts_at, ends_at, place)
SELECT missions.id, starts_at, starts_at + interval '2 hours', 'Hangar 3'
FROM (
    SELECT missions.*, date_trunc('day', now()) + interval '19 hours'
        + interval '3 days' * row_number() OVER (ORDER BY slug) AS starts_at
    FROM missions WHERE slug = ANY ($1::text[]) ORDER BY slug LIMIT 8
) AS missions
WHERE NOT EXISTS (SELECT FROM occurrences)
RETURNING id
"""
SLOTS = """
INSERT INTO occurrence_slots (occurrence_id, name, capacity, position)
SELECT occurrences.id, slot.name, slot.capacity, slot.position
FROM unnest($1::uuid[]) AS occurrences (id),
    (VALUES ('pilot', 8, 0), ('medic', 2, 1)) AS slot (name, capacity, position)
"""
SIGNUPS = """
INSERT INTO signups (occurrence_id, member_id, slot_id)
SELECT slots.occurrence_id, candidates.id, slots.id
FROM (
    SELECT *, row_number() OVER (ORDER BY id) AS turn FROM occurrence_slots
    WHERE occurrence_id = ANY ($1::uuid[])
) AS slots
JOIN (
    SELECT members.id, row_number() OVER (ORDER BY people.n) AS turn
    FROM fill_people AS people JOIN members USING (discord_id)
    WHERE people.is_active AND people.n < 200
) AS candidates ON candidates.turn % 16 = slots.turn - 1
"""
# What the triggers call, without its locks and comparisons: nobody else is there.
PROFILES = """
UPDATE members SET missions_completed = record.missions,
    trainings_completed = record.trainings, stats = record.stats
FROM projected_record($1::bigint[]) record WHERE members.id = record.member_id
"""
SCORES = """
INSERT INTO scores (member_id, period, counter, value, due_on)
SELECT member_id, period, counter, value, due_on FROM projected_scores($1::bigint[])
"""
LISTED = """
INSERT INTO achievements (member_id, kind, slug, name, rank, valid_until)
SELECT * FROM listed_achievements($1::bigint[])
"""
NAME_PARTS = """
INSERT INTO name_parts (part, name, member_id)
SELECT part, lower(display_name), id
FROM members JOIN people USING (discord_id), name_parts_of(display_name) AS part
"""
NEW_MEMBERS = """
SELECT members.id FROM people JOIN members USING (discord_id) ORDER BY members.id
"""
# Suspended triggers did not tally.
TALLY = """
WITH gone AS (DELETE FROM score_tally)
INSERT INTO score_tally (period, counter, bucket, change)
SELECT period, counter, score_bucket(value), count(*) FROM scores WHERE value > 0 GROUP BY 1, 2, 3
"""
