from fastapi import APIRouter, Request, Response, status

from backend.auth.attempts.browser import device_of, keep_sign_in
from backend.auth.dependencies import RequestOrigin, RunningAuth
from backend.auth.factors import actions, queries
from backend.auth.factors.errors import ChallengeOver
from backend.auth.factors.schemas import (
    CodeSignIn,
    FactorDetails,
    PasskeyDetails,
    RecoveryCodes,
    TotpConfirmation,
    TotpEnrolment,
)
from backend.auth.factors.sign_in import finish_sign_in
from backend.auth.identify import Identify
from backend.auth.limits.dependencies import limited
from backend.auth.limits.policies import PASSWORD_SIGN_IN
from backend.auth.sessions.endpoints import describe_session
from backend.auth.sessions.schemas import CurrentSession
from backend.bridge.identity import Credentials
from backend.web.callers import Caller, Elevated

router = APIRouter(prefix="/auth", tags=["second factors"])


@router.post(
    "/login/code",
    response_model=CurrentSession,
    dependencies=[limited(PASSWORD_SIGN_IN)],
    tags=["sign in"],
)
async def sign_in_with_code(
    request: Request, sign_in: CodeSignIn, auth: RunningAuth, origin: RequestOrigin
) -> Response:
    """Complete a sign-in that was answered with `totp_required`; sets the session cookie."""
    device = device_of(request)
    session = await finish_sign_in(
        auth, challenge=sign_in.challenge, code=sign_in.code, origin=origin, device=device
    )
    identity = await Identify(auth)(Credentials(cookie=session.token))
    if identity is None:
        raise ChallengeOver
    response = describe_session(identity)
    keep_sign_in(request, response, auth, session, device)
    return response


@router.get("/factors")
async def list_factors(caller: Caller, auth: RunningAuth) -> FactorDetails:
    """The caller's authenticator app, recovery codes and passkeys."""
    async with auth.database.transaction() as db:
        factors = await queries.get_factors(db, caller.user_id)
    return FactorDetails(
        totp=factors.has_totp,
        recovery_codes_left=factors.recovery_codes_left,
        passkeys=[PasskeyDetails.of(passkey) for passkey in factors.passkeys],
    )


@router.post("/totp")
async def begin_totp(caller: Elevated, auth: RunningAuth, origin: RequestOrigin) -> TotpEnrolment:
    """Begin to set up an authenticator app; it counts once a code of it was entered."""
    enrolment = await actions.begin_totp(auth, caller, origin=origin)
    return TotpEnrolment(secret=enrolment.secret, otpauth_uri=enrolment.uri)


@router.post("/totp/confirm")
async def confirm_totp(
    confirmation: TotpConfirmation, caller: Elevated, auth: RunningAuth, origin: RequestOrigin
) -> RecoveryCodes:
    """Switch the second factor on with a first code; answers with the recovery codes."""
    codes = await actions.confirm_totp(auth, caller, code=confirmation.code, origin=origin)
    return RecoveryCodes(recovery_codes=codes)


@router.delete("/totp", status_code=status.HTTP_204_NO_CONTENT)
async def disable_totp(caller: Elevated, auth: RunningAuth, origin: RequestOrigin) -> None:
    """Remove the authenticator app and the recovery codes."""
    await actions.disable_totp(auth, caller, origin=origin)


@router.post("/recovery-codes")
async def renew_recovery_codes(
    caller: Elevated, auth: RunningAuth, origin: RequestOrigin
) -> RecoveryCodes:
    """Make ten new recovery codes; the old ones are worth nothing any longer."""
    codes = await actions.renew_recovery_codes(auth, caller, origin=origin)
    return RecoveryCodes(recovery_codes=codes)
