"""Every route of the auth side."""

from starlette.routing import BaseRoute

from backend.auth.account.factor_pages import router as factor_pages
from backend.auth.account.pages import router as account_pages
from backend.auth.audit_log.endpoints import router as audit_log
from backend.auth.audit_log.pages import router as audit_log_pages
from backend.auth.bans.endpoints import router as bans
from backend.auth.bans.kept_endpoints import router as kept_bans
from backend.auth.bans.kept_pages import router as kept_ban_pages
from backend.auth.bans.pages import router as ban_pages
from backend.auth.deletion.endpoints import router as deletion
from backend.auth.deletion.pages import router as deletion_pages
from backend.auth.discord_sign_in.endpoints import router as discord_sign_in
from backend.auth.discord_sign_in.link_endpoints import router as discord_link
from backend.auth.discord_sign_in.pages import router as discord_link_pages
from backend.auth.email_change.endpoints import router as email_change
from backend.auth.email_change.pages import router as email_change_pages
from backend.auth.email_verification.endpoints import router as email_verification
from backend.auth.email_verification.pages import router as email_verification_pages
from backend.auth.factors.endpoints import router as factors
from backend.auth.factors.pages import router as code_pages
from backend.auth.first_password.endpoints import router as first_password
from backend.auth.first_password.pages import router as first_password_pages
from backend.auth.impersonation.endpoints import router as impersonation
from backend.auth.impersonation.pages import router as impersonation_pages
from backend.auth.internal.endpoints import router as internal
from backend.auth.passkeys.endpoints import router as passkeys
from backend.auth.passwords.endpoints import router as passwords
from backend.auth.passwords.pages import router as password_pages
from backend.auth.recovery.endpoints import router as recovery
from backend.auth.recovery.pages import router as recovery_pages
from backend.auth.registration.endpoints import codes as registration_codes
from backend.auth.registration.endpoints import router as registration
from backend.auth.registration.pages import router as registration_pages
from backend.auth.sessions.endpoints import direct as direct_sessions
from backend.auth.sessions.endpoints import router as sessions
from backend.auth.step_up.endpoints import router as step_up
from backend.auth.step_up.pages import router as step_up_pages
from backend.auth.tokens.endpoints import router as tokens
from backend.auth.users.endpoints import router as users
from backend.auth.users.pages import router as user_pages

routes: list[BaseRoute] = []
# Sessions come first: routes are tried in turn, and the session check is the busiest.
for feature in (
    direct_sessions,
    discord_sign_in,
    sessions,
    passwords,
    tokens,
    users,
    password_pages,
    account_pages,
    user_pages,
    registration,
    registration_codes,
    registration_pages,
    email_verification,
    email_verification_pages,
    discord_link,
    discord_link_pages,
    email_change,
    email_change_pages,
    recovery,
    recovery_pages,
    first_password,
    first_password_pages,
    bans,
    ban_pages,
    kept_bans,
    kept_ban_pages,
    impersonation,
    impersonation_pages,
    audit_log,
    audit_log_pages,
    factors,
    factor_pages,
    code_pages,
    passkeys,
    step_up,
    step_up_pages,
    deletion,
    deletion_pages,
):
    routes.extend(feature.routes)

# For the other service alone; nothing here ends a session.
internal_routes: list[BaseRoute] = list(internal.routes)
