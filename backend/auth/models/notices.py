"""The triggers that give notice of everything that may make a remembered identity wrong.

A notice goes out with the commit, on the channel ``farout_revocations``, whoever made the change:
``session UUID``, ``user UID`` or ``all``. Listeners forget what they remember of it. What happens to
an admin concerns the sessions in which they impersonate somebody, too.
"""

from backend.auth.models.account_security import AccountSecurity
from backend.auth.models.email_verification import EmailVerification
from backend.auth.models.refresh_token import RefreshToken
from backend.auth.models.session import Session
from backend.auth.models.signing_key import SigningKey
from backend.auth.models.user import User
from backend.tables import runs_after_create

NOTICE_SESSION = """
CREATE FUNCTION notice_session() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('farout_revocations', 'session ' || OLD.id);
    RETURN NULL;
END
$$
"""
NOTICE_SESSION_TRIGGER = """
CREATE TRIGGER sessions_notice AFTER UPDATE ON sessions
FOR EACH ROW WHEN (
    (NEW.user_id, NEW.token_hash, NEW.expires_at, NEW.method, NEW.elevated_until, NEW.revoked_at)
    IS DISTINCT FROM
    (OLD.user_id, OLD.token_hash, OLD.expires_at, OLD.method, OLD.elevated_until, OLD.revoked_at)
) EXECUTE FUNCTION notice_session()
"""
NOTICE_SESSION_DELETED_TRIGGER = """
CREATE TRIGGER sessions_notice_deleted AFTER DELETE ON sessions
FOR EACH ROW EXECUTE FUNCTION notice_session()
"""
NOTICE_TRUNCATION = """
CREATE FUNCTION notice_truncation() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('farout_revocations', 'all');
    RETURN NULL;
END
$$
"""
NOTICE_TRUNCATION_TRIGGER = """
CREATE TRIGGER sessions_notice_truncation BEFORE TRUNCATE ON sessions
FOR EACH STATEMENT EXECUTE FUNCTION notice_truncation()
"""
NOTICE_USER = """
CREATE FUNCTION notice_user() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.username, NEW.discord_id, NEW.discriminator, NEW.avatar, NEW.email,
            NEW.hashed_password, NEW.role, NEW.must_change_password, NEW.is_active)
        IS DISTINCT FROM
        (OLD.username, OLD.discord_id, OLD.discriminator, OLD.avatar, OLD.email,
            OLD.hashed_password, OLD.role, OLD.must_change_password, OLD.is_active)
    THEN
        PERFORM pg_notify('farout_revocations', 'user ' || uid)
        FROM account_security WHERE user_id = NEW.id;
        PERFORM pg_notify('farout_revocations', 'session ' || id)
        FROM sessions WHERE impersonator_id = NEW.id AND revoked_at IS NULL;
    END IF;
    RETURN NULL;
END
$$
"""
NOTICE_USER_TRIGGER = """
CREATE TRIGGER users_notice AFTER UPDATE ON users
FOR EACH ROW EXECUTE FUNCTION notice_user()
"""
NOTICE_SECURITY = """
CREATE FUNCTION notice_security() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('farout_revocations', 'user ' || NEW.uid);
    PERFORM pg_notify('farout_revocations', 'session ' || id)
    FROM sessions WHERE impersonator_id = NEW.user_id AND revoked_at IS NULL;
    RETURN NULL;
END
$$
"""
NOTICE_SECURITY_TRIGGER = """
CREATE TRIGGER account_security_notice AFTER UPDATE ON account_security
FOR EACH ROW WHEN (
    (NEW.email_verified_at, NEW.password_changed_at, NEW.mfa_enabled, NEW.banned_at,
        NEW.ban_expires_at)
    IS DISTINCT FROM
    (OLD.email_verified_at, OLD.password_changed_at, OLD.mfa_enabled, OLD.banned_at,
        OLD.ban_expires_at)
) EXECUTE FUNCTION notice_security()
"""
# The access tokens of a chain of refresh tokens end with it; it has one token that was not used.
NOTICE_CHAIN = """
CREATE FUNCTION notice_refresh_tokens() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('farout_revocations', 'session ' || OLD.session_id);
    RETURN NULL;
END
$$
"""
NOTICE_CHAIN_TRIGGER = """
CREATE TRIGGER refresh_tokens_notice_deleted AFTER DELETE ON refresh_tokens
FOR EACH ROW WHEN (OLD.used_at IS NULL) EXECUTE FUNCTION notice_refresh_tokens()
"""
NOTICE_CHAIN_TRUNCATION_TRIGGER = """
CREATE TRIGGER refresh_tokens_notice_truncation BEFORE TRUNCATE ON refresh_tokens
FOR EACH STATEMENT EXECUTE FUNCTION notice_truncation()
"""
# With a key end the tokens that it signed, and nobody knows whose they are.
NOTICE_KEY = """
CREATE FUNCTION notice_signing_key() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('farout_revocations', 'all');
    RETURN NULL;
END
$$
"""
NOTICE_KEY_TRIGGER = """
CREATE TRIGGER signing_keys_notice AFTER UPDATE ON signing_keys
FOR EACH ROW WHEN (NEW.retired_at IS DISTINCT FROM OLD.retired_at)
EXECUTE FUNCTION notice_signing_key()
"""
# What is open to a session depends on whether its user's address is confirmed.
NOTICE_VERIFICATION = """
CREATE FUNCTION notice_verification() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('farout_revocations', 'user ' || uid)
    FROM account_security WHERE user_id IN (OLD.user_id, NEW.user_id);
    RETURN NULL;
END
$$
"""
NOTICE_VERIFICATION_TRIGGER = """
CREATE TRIGGER email_verifications_notice AFTER INSERT OR DELETE ON email_verifications
FOR EACH ROW EXECUTE FUNCTION notice_verification()
"""
runs_after_create(
    Session.__table__,  # type: ignore[arg-type]
    NOTICE_SESSION,
    NOTICE_SESSION_TRIGGER,
    NOTICE_SESSION_DELETED_TRIGGER,
    NOTICE_TRUNCATION,
    NOTICE_TRUNCATION_TRIGGER,
)
runs_after_create(User.__table__, NOTICE_USER, NOTICE_USER_TRIGGER)  # type: ignore[arg-type]
runs_after_create(
    AccountSecurity.__table__,  # type: ignore[arg-type]
    NOTICE_SECURITY,
    NOTICE_SECURITY_TRIGGER,
)
runs_after_create(
    RefreshToken.__table__,  # type: ignore[arg-type]
    NOTICE_CHAIN,
    NOTICE_CHAIN_TRIGGER,
    NOTICE_CHAIN_TRUNCATION_TRIGGER,
)
runs_after_create(SigningKey.__table__, NOTICE_KEY, NOTICE_KEY_TRIGGER)  # type: ignore[arg-type]
runs_after_create(
    EmailVerification.__table__,  # type: ignore[arg-type]
    NOTICE_VERIFICATION,
    NOTICE_VERIFICATION_TRIGGER,
)
