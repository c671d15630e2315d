"""Dependencies that say who is calling. The answer always comes from the auth side."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import Depends, Request

from backend.bridge.errors import AccountBanned
from backend.bridge.identity import Credentials, Identity
from backend.errors import NotAllowed, NotSignedIn
from backend.web.same_origin import SAFE_METHODS
from backend.web.state import web_of


class SignInRequired(NotSignedIn):
    code = "not_signed_in"

    def __init__(self) -> None:
        super().__init__("Sign in first.")


class PasswordChangeRequired(NotAllowed):
    code = "password_change_required"

    def __init__(self) -> None:
        super().__init__("Change your password first; until then nothing else is open to you.")


class EmailNotVerified(NotAllowed):
    code = "email_not_verified"

    def __init__(self) -> None:
        super().__init__(
            "Confirm your e-mail address first; until then nothing else is open to you."
        )


class DeletionPending(NotAllowed):
    code = "deletion_pending"

    def __init__(self, due_at: datetime) -> None:
        super().__init__(
            f"This account will be deleted on {due_at.astimezone(UTC):%-d %B %Y}. Until then you can"
            " keep it; nothing else is open to you."
        )
        self._facts = {"deletion_due_at": due_at.isoformat()}

    @property
    def facts(self) -> Mapping[str, Any]:
        return self._facts


class AdminRequired(NotAllowed):
    code = "admin_required"

    def __init__(self) -> None:
        super().__init__("Only an admin may do this.")


class ImpersonationOnlyLooks(NotAllowed):
    code = "impersonation_only_looks"

    def __init__(self) -> None:
        super().__init__("You are looking at the site as somebody else; nothing can be changed so.")


class StepUpRequired(NotAllowed):
    code = "step_up_required"

    def __init__(self) -> None:
        super().__init__("Prove again that it is you: this needs a proof younger than ten minutes.")


def read_credentials(request: Request) -> Credentials | None:
    """Return what the request carries; an Authorization header counts alone, beside any cookie."""
    authorization = request.headers.get("authorization")
    if authorization is not None:
        scheme, _, token = authorization.partition(" ")
        bearer = token.strip() if scheme.lower() == "bearer" else ""
        return Credentials(bearer=bearer)
    cookie = web_of(request).cookies.session_token(request.headers.get("cookie", ""))
    return Credentials(cookie=cookie) if cookie else None


async def find_caller(request: Request) -> Identity | None:
    """Return who is calling, or None for anybody; kept for the rest of the request."""
    if not hasattr(request.state, "identity"):
        credentials = read_credentials(request)
        request.state.ban = request.state.identity = None
        try:
            if credentials:
                request.state.identity = await web_of(request).identify(credentials)
        except AccountBanned as ban:
            # Whatever is open to everybody stays open to them, the sign-in page too.
            request.state.ban = ban
    identity: Identity | None = request.state.identity
    return identity


async def require_any_caller(request: Request) -> Identity:
    """For the few routes that stay open whatever somebody has to do first."""
    identity = await find_caller(request)
    if identity is None:
        raise request.state.ban or SignInRequired()
    if identity.is_impersonated and request.method not in SAFE_METHODS:
        raise ImpersonationOnlyLooks
    return identity


async def require_verified_caller(request: Request) -> Identity:
    """For what stays open while a password must be changed, but not to somebody who is leaving."""
    identity = await require_any_caller(request)
    if identity.must_verify_email:
        raise EmailNotVerified
    if identity.deletion_due_at is not None:
        raise DeletionPending(identity.deletion_due_at)
    return identity


async def require_caller(request: Request) -> Identity:
    await require_verified_caller(request)
    return await require_caller_or_leaver(request)


async def require_caller_or_leaver(request: Request) -> Identity:
    """For what is open to somebody who is leaving, too: proving again who sits there."""
    identity = await require_any_caller(request)
    if identity.must_verify_email:
        raise EmailNotVerified
    if identity.must_change_password:
        raise PasswordChangeRequired
    return identity


async def require_admin(request: Request) -> Identity:
    identity = await require_caller(request)
    if not identity.is_admin:
        raise AdminRequired
    return identity


async def require_elevated(request: Request) -> Identity:
    """For what a stolen, forgotten or borrowed session must not do."""
    identity = await require_caller(request)
    if not identity.is_elevated:
        raise StepUpRequired
    return identity


async def require_any_elevated(request: Request) -> Identity:
    """The same for whoever has something else to do first, such as changing a password."""
    identity = await require_any_caller(request)
    if not identity.is_elevated:
        raise StepUpRequired
    return identity


async def require_elevated_admin(request: Request) -> Identity:
    await require_admin(request)
    return await require_elevated(request)


MaybeCaller = Annotated[Identity | None, Depends(find_caller)]
AnyCaller = Annotated[Identity, Depends(require_any_caller)]
VerifiedCaller = Annotated[Identity, Depends(require_verified_caller)]
Caller = Annotated[Identity, Depends(require_caller)]
CallerOrLeaver = Annotated[Identity, Depends(require_caller_or_leaver)]
Admin = Annotated[Identity, Depends(require_admin)]
Elevated = Annotated[Identity, Depends(require_elevated)]
AnyElevated = Annotated[Identity, Depends(require_any_elevated)]
ElevatedAdmin = Annotated[Identity, Depends(require_elevated_admin)]
