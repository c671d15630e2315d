from uuid import UUID

from fastapi import APIRouter, Request, Response, status

from backend.auth.dependencies import RequestOrigin, RunningAuth
from backend.auth.factors.schemas import PasskeyDetails
from backend.auth.identify import Identify
from backend.auth.limits.dependencies import limited
from backend.auth.limits.policies import PASSWORD_SIGN_IN
from backend.auth.passkeys import actions
from backend.auth.passkeys.errors import PasskeyRefused
from backend.auth.passkeys.schemas import NewPasskey, PasskeyAnswer, PasskeyQuestion
from backend.auth.sessions.endpoints import describe_session
from backend.auth.sessions.schemas import CurrentSession
from backend.bridge.identity import Credentials
from backend.web.callers import Elevated
from backend.web.state import web_of

router = APIRouter(prefix="/auth/passkeys", tags=["second factors"])


@router.post("/new")
async def begin_adding(caller: Elevated, auth: RunningAuth) -> PasskeyQuestion:
    """What the browser asks a device for, to make a passkey."""
    asked = await actions.begin_adding(auth, caller)
    return PasskeyQuestion(challenge=asked.challenge, options=asked.options)


@router.post("", status_code=status.HTTP_201_CREATED)
async def add_passkey(
    new: NewPasskey, caller: Elevated, auth: RunningAuth, origin: RequestOrigin
) -> PasskeyDetails:
    """Keep the passkey that the device has made."""
    passkey = await actions.add_passkey(
        auth, caller, challenge=new.challenge, answer=new.credential, name=new.name, origin=origin
    )
    return PasskeyDetails.of(passkey)


@router.delete("/{passkey_id}", status_code=status.HTTP_204_NO_CONTENT)
async def remove_passkey(
    passkey_id: UUID, caller: Elevated, auth: RunningAuth, origin: RequestOrigin
) -> None:
    """Remove one of the caller's passkeys; it works no longer from now on."""
    await actions.remove_passkey(auth, caller, passkey_id, origin=origin)


@router.post("/proof", dependencies=[limited(PASSWORD_SIGN_IN)], tags=["sign in"])
async def begin_proof(auth: RunningAuth) -> PasskeyQuestion:
    """What the browser asks a device for, to sign in or to prove again who sits there."""
    asked = await actions.begin_proof(auth)
    return PasskeyQuestion(challenge=asked.challenge, options=asked.options)


@router.post(
    "/sign-in",
    response_model=CurrentSession,
    dependencies=[limited(PASSWORD_SIGN_IN)],
    tags=["sign in"],
)
async def sign_in_with_passkey(
    request: Request, proof: PasskeyAnswer, auth: RunningAuth, origin: RequestOrigin
) -> Response:
    """Sign in with a passkey; sets the session cookie."""
    session = await actions.sign_in_with_passkey(
        auth, challenge=proof.challenge, answer=proof.credential, origin=origin
    )
    identity = await Identify(auth)(Credentials(cookie=session.token))
    if identity is None:
        raise PasskeyRefused
    response = describe_session(identity)
    web_of(request).cookies.set_session(
        response, session.token, max_age=auth.settings.session_seconds
    )
    return response
