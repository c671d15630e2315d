"""The triggers that tell the mirror of every change of a user, whoever makes it.

``account_security.version`` is raised, from one sequence, by every change that the mirror should
know of; raising it writes the message. The version is taken while the row is locked, so the
versions of one user follow the commits, and the message is read after that, so the newest one
always holds everything that was committed before it.
"""

from backend.auth.models.account_security import AccountSecurity
from backend.auth.models.user import User
from backend.tables import runs_after_create

TAKE_VERSION = """
CREATE FUNCTION take_user_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.version := nextval('user_versions');
    RETURN NEW;
END
$$
"""
TAKE_FIRST_VERSION_TRIGGER = """
CREATE TRIGGER account_security_take_first_version BEFORE INSERT ON account_security
FOR EACH ROW EXECUTE FUNCTION take_user_version()
"""
TAKE_VERSION_TRIGGER = """
CREATE TRIGGER account_security_take_version BEFORE UPDATE ON account_security
FOR EACH ROW WHEN (
    (NEW.version, NEW.banned_at, NEW.ban_expires_at, NEW.mfa_enabled)
    IS DISTINCT FROM (OLD.version, OLD.banned_at, OLD.ban_expires_at, OLD.mfa_enabled)
) EXECUTE FUNCTION take_user_version()
"""
# Raises the version of a user whose row in ``users`` changed; the value itself comes from above. The
# comparison stands in the function: in WHEN it would keep any later migration from changing a type.
RAISE_VERSION = """
CREATE FUNCTION raise_user_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.username, NEW.discord_id, NEW.email, NEW.role, NEW.is_active)
        IS DISTINCT FROM (OLD.username, OLD.discord_id, OLD.email, OLD.role, OLD.is_active)
    THEN
        UPDATE account_security SET version = version + 1 WHERE user_id = NEW.id;
    END IF;
    RETURN NULL;
END
$$
"""
RAISE_VERSION_TRIGGER = """
CREATE TRIGGER users_raise_version AFTER UPDATE ON users
FOR EACH ROW EXECUTE FUNCTION raise_user_version()
"""
# What Discord said of the person at this sign-in travels with the event; see upsert_account.
ANNOUNCE = """
CREATE FUNCTION announce_user() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO outbox (type, uid, version, payload)
    SELECT CASE TG_OP WHEN 'INSERT' THEN 'user.created' ELSE 'user.updated' END,
        NEW.uid, NEW.version,
        jsonb_build_object(
            'uid', NEW.uid,
            'user_id', users.id::text,
            'version', NEW.version::text,
            'username', users.username,
            'discord_id', users.discord_id,
            'email', users.email,
            'role', users.role,
            'is_active', users.is_active AND NOT EXISTS (
                SELECT FROM account_deletions WHERE account_deletions.user_id = users.id
            ),
            'profile', nullif(current_setting('farout.discord_profile', true), '')::jsonb
        )
    FROM users WHERE users.id = NEW.user_id;
    RETURN NULL;
END
$$
"""
ANNOUNCE_NEW_TRIGGER = """
CREATE TRIGGER account_security_announce_new AFTER INSERT ON account_security
FOR EACH ROW EXECUTE FUNCTION announce_user()
"""
ANNOUNCE_TRIGGER = """
CREATE TRIGGER account_security_announce AFTER UPDATE ON account_security
FOR EACH ROW WHEN (NEW.version IS DISTINCT FROM OLD.version) EXECUTE FUNCTION announce_user()
"""
ANNOUNCE_DELETION = """
CREATE FUNCTION announce_user_deletion() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    taken bigint := nextval('user_versions');
BEGIN
    INSERT INTO outbox (type, uid, version, payload) VALUES ('user.deleted', OLD.uid, taken,
        jsonb_build_object(
            'uid', OLD.uid, 'user_id', OLD.user_id::text, 'version', taken::text
        ));
    PERFORM pg_notify('farout_revocations', 'user ' || OLD.uid);
    RETURN NULL;
END
$$
"""
ANNOUNCE_DELETION_TRIGGER = """
CREATE TRIGGER account_security_announce_deletion AFTER DELETE ON account_security
FOR EACH ROW EXECUTE FUNCTION announce_user_deletion()
"""
# TRUNCATE runs no trigger for each row, so the same is said for all of them beforehand.
ANNOUNCE_TRUNCATION = """
CREATE FUNCTION announce_user_truncation() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO outbox (type, uid, version, payload)
    SELECT 'user.deleted', gone.uid, gone.taken, jsonb_build_object(
        'uid', gone.uid, 'user_id', gone.user_id::text, 'version', gone.taken::text
    )
    FROM (
        SELECT uid, user_id, nextval('user_versions') AS taken FROM account_security
    ) AS gone;
    PERFORM pg_notify('farout_revocations', 'all');
    RETURN NULL;
END
$$
"""
ANNOUNCE_TRUNCATION_TRIGGER = """
CREATE TRIGGER account_security_announce_truncation BEFORE TRUNCATE ON account_security
FOR EACH STATEMENT EXECUTE FUNCTION announce_user_truncation()
"""
runs_after_create(User.__table__, RAISE_VERSION, RAISE_VERSION_TRIGGER)  # type: ignore[arg-type]
runs_after_create(
    AccountSecurity.__table__,  # type: ignore[arg-type]
    TAKE_VERSION,
    TAKE_FIRST_VERSION_TRIGGER,
    TAKE_VERSION_TRIGGER,
    ANNOUNCE,
    ANNOUNCE_NEW_TRIGGER,
    ANNOUNCE_TRIGGER,
    ANNOUNCE_DELETION,
    ANNOUNCE_DELETION_TRIGGER,
    ANNOUNCE_TRUNCATION,
    ANNOUNCE_TRUNCATION_TRIGGER,
)
