"""The trigger that forgets a person when their user is deleted (docs/decisions/0030).

The member stays as a row without a person, «Former member», so that the ledger, closed seasons and the
stock of items still add up. Its Discord id begins with a 0, which no id of Discord's does: whoever
signs in with the old one is a new member. What others wrote of the person goes, and so do their own
words; what they wrote of others stays, under a uid that nobody has any more.
"""

from backend.community.models.api_key import ApiKey
from backend.community.models.application import ApplicationMessage, ApplicationVote
from backend.community.models.attendance import Attendance
from backend.community.models.audit_entry import AuditEntry
from backend.community.models.award import AwardGrant
from backend.community.models.departure import Departure
from backend.community.models.former_discord_id import FormerDiscordId
from backend.community.models.idempotency_key import IdempotencyKey
from backend.community.models.item import ItemMovement
from backend.community.models.member_return import Return
from backend.community.models.post import Post
from backend.community.models.rank_change import RankChange
from backend.community.models.rejected_event import RejectedEvent
from backend.community.models.season_standing import SeasonStanding
from backend.community.models.training_instructor import TrainingInstructor
from backend.tables import runs_after_create

ERASE_MEMBER = """
CREATE FUNCTION erase_member(gone bigint) RETURNS void LANGUAGE plpgsql
SET search_path = public, pg_temp AS $$
DECLARE
    old_id text := (SELECT discord_id FROM members WHERE id = gone);
    -- So long and so random that it is no other member's, also of a community that is imported here.
    new_id text := '0' || translate(
        substr(md5(gen_random_uuid()::text), 1, 19), 'abcdef', '012345'
    );
BEGIN
    UPDATE members SET discord_id = new_id, display_name = 'Former member', bio = NULL,
        avatar_url = NULL
    WHERE id = gone;
    UPDATE completions SET note = NULL, evidence = '{}'
    WHERE member_id = gone AND (note IS NOT NULL OR evidence <> '{}');
    UPDATE completion_revocations SET reason = '(erased)'
    FROM completions WHERE completions.id = completion_id AND completions.member_id = gone;
    UPDATE rank_changes SET reason = '(erased)',
        undo_reason = CASE WHEN undo_reason IS NOT NULL THEN '(erased)' END
    WHERE member_id = gone;
    UPDATE award_grants SET reason = '(erased)',
        withdraw_reason = CASE WHEN withdraw_reason IS NOT NULL THEN '(erased)' END
    WHERE member_id = gone;
    UPDATE attendance SET note = NULL WHERE member_id = gone AND note IS NOT NULL;
    UPDATE item_movements SET note = NULL WHERE member_id = gone AND note IS NOT NULL;
    DELETE FROM training_instructors WHERE member_id = gone;
    DELETE FROM returns WHERE member_id = gone;
    INSERT INTO departures (member_id, reason) VALUES (gone, '(erased)')
    ON CONFLICT (member_id) DO UPDATE SET reason = '(erased)';
    DELETE FROM application_messages USING applications
    WHERE applications.id = application_id AND applications.member_id = gone;
    UPDATE application_votes SET comment = NULL
    FROM applications WHERE applications.id = application_id AND applications.member_id = gone;
    UPDATE applications SET answers = '[]', decision_reason = NULL,
        status = CASE status WHEN 'pending' THEN 'withdrawn' ELSE status END,
        decided_at = coalesce(decided_at, now())
    WHERE member_id = gone;
    -- Entries that name them by their Discord id; a list of several keeps the others.
    UPDATE audit_log
    SET details = replace(details::text, format('"%s"', old_id), format('"%s"', new_id))::jsonb
        - 'reason'
    WHERE coalesce(details ->> 'member', details ->> 'discord_id') = old_id
        OR (action::text IN ('completions.awarded', 'award.granted')
            AND details -> 'members' ? old_id);
    -- What programs are told, or were told a few weeks ago at most.
    UPDATE events
    SET data = replace(data::text, format('"%s"', old_id), format('"%s"', new_id))::jsonb
    WHERE strpos(data::text, format('"%s"', old_id)) > 0;
    DELETE FROM idempotency_keys WHERE strpos(answer::text, format('"%s"', old_id)) > 0;
    PERFORM refresh_scores(ARRAY[gone]);
END
$$
"""
ERASE_PERSON = """
CREATE FUNCTION erase_person() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    -- A Discord account that they gave up may be somebody else's by now, with the profile.
    theirs text[] := ARRAY(
        SELECT former.discord_id FROM former_discord_ids former
        WHERE former.uid = OLD.uid AND NOT EXISTS (
            SELECT FROM userbase WHERE userbase.discord_id = former.discord_id
        )
    ) || OLD.discord_id::text;
    gone bigint;
BEGIN
    FOR gone IN SELECT id FROM members WHERE discord_id = ANY (theirs) ORDER BY id FOR UPDATE LOOP
        PERFORM erase_member(gone);
    END LOOP;
    -- They may be back before the news of their deletion arrived.
    INSERT INTO members (discord_id, display_name)
    SELECT discord_id, username FROM userbase
    WHERE discord_id = OLD.discord_id AND deleted_at IS NULL
    ON CONFLICT (discord_id) DO NOTHING;
    DELETE FROM former_discord_ids WHERE uid = OLD.uid;
    DELETE FROM api_key_days USING api_keys
    WHERE api_keys.id = key_id AND api_keys.owner_uid = OLD.uid;
    DELETE FROM api_keys WHERE owner_uid = OLD.uid;
    DELETE FROM idempotency_keys WHERE actor_uid = OLD.uid;
    DELETE FROM rejected_events WHERE body #>> '{data,uid}' = OLD.uid::text;
    DELETE FROM blog_posts WHERE author_uid = OLD.uid AND publish_at IS NULL;
    UPDATE application_messages SET body = '(erased)' WHERE author_uid = OLD.uid;
    UPDATE application_votes SET comment = NULL WHERE voter_uid = OLD.uid;
    UPDATE audit_log SET ip = NULL WHERE actor_uid = OLD.uid AND ip IS NOT NULL;
    UPDATE audit_log SET details = '{}' WHERE target_uid = OLD.uid AND details <> '{}';
    RETURN NULL;
END
$$
"""
# The last of the triggers of an update, by its name: seats are left before the Discord id changes.
ERASE_PERSON_TRIGGER = """
CREATE TRIGGER userbase_zz_erase_person AFTER UPDATE ON userbase
FOR EACH ROW WHEN (NEW.deleted_at IS NOT NULL AND OLD.deleted_at IS NULL AND NEW.uid = OLD.uid)
EXECUTE FUNCTION erase_person()
"""

for earlier in (
    ApiKey, ApplicationMessage, ApplicationVote, Attendance, AuditEntry, AwardGrant, Departure,
    IdempotencyKey, ItemMovement, Post, RankChange, RejectedEvent, Return, SeasonStanding,
    TrainingInstructor,
):  # fmt: skip
    FormerDiscordId.__table__.add_is_dependent_on(earlier.__table__)  # type: ignore[attr-defined]
runs_after_create(
    FormerDiscordId.__table__,  # type: ignore[arg-type]
    ERASE_MEMBER,
    ERASE_PERSON,
    ERASE_PERSON_TRIGGER,
)
