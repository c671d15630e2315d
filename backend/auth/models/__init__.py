"""The tables of ``farout_auth``, one a file; ``versions`` and ``notices`` add triggers to them."""

from backend.auth.models import notices, versions
from backend.auth.models.account_deletion import AccountDeletion
from backend.auth.models.account_security import AccountSecurity
from backend.auth.models.audit_entry import AuditEntry
from backend.auth.models.audit_link import AuditLink
from backend.auth.models.audit_seal import AuditSeal
from backend.auth.models.base import Base
from backend.auth.models.challenge import Challenge
from backend.auth.models.email_change import EmailChange
from backend.auth.models.email_verification import EmailVerification
from backend.auth.models.kept_ban import KeptBan
from backend.auth.models.known_device import KnownDevice
from backend.auth.models.login_attempt import LoginAttempt
from backend.auth.models.mail import Mail
from backend.auth.models.oauth_revocation import OAuthRevocation
from backend.auth.models.oauth_state import OAuthState
from backend.auth.models.oauth_token import OAuthToken
from backend.auth.models.outbox_message import OutboxMessage
from backend.auth.models.passkey import Passkey
from backend.auth.models.password_reset import PasswordReset
from backend.auth.models.rate_limit import RateLimit
from backend.auth.models.recovery_code import RecoveryCode
from backend.auth.models.refresh_token import RefreshToken
from backend.auth.models.registration_code import RegistrationCode
from backend.auth.models.session import Session
from backend.auth.models.signing_key import SigningKey
from backend.auth.models.totp_secret import TotpSecret
from backend.auth.models.user import User
from backend.tables import declare_grants

declare_grants(Base.metadata)

__all__ = [
    "AccountDeletion",
    "AccountSecurity",
    "AuditEntry",
    "AuditLink",
    "AuditSeal",
    "Base",
    "Challenge",
    "EmailChange",
    "EmailVerification",
    "KeptBan",
    "KnownDevice",
    "LoginAttempt",
    "Mail",
    "OAuthRevocation",
    "OAuthState",
    "OAuthToken",
    "OutboxMessage",
    "Passkey",
    "PasswordReset",
    "RateLimit",
    "RecoveryCode",
    "RefreshToken",
    "RegistrationCode",
    "Session",
    "SigningKey",
    "TotpSecret",
    "User",
    "notices",
    "versions",
]
