"""A proof as the API and the pages both take it."""

from datetime import UTC, datetime

from fastapi import Request, Response

from backend.auth.audit.origin import Origin
from backend.auth.side import Auth
from backend.auth.step_up import actions
from backend.auth.step_up.schemas import Proof
from backend.bridge.identity import Identity
from backend.web.state import web_of


async def prove_again(
    request: Request, response: Response, auth: Auth, caller: Identity, proof: Proof, origin: Origin
) -> None:
    """Check the proof and give the browser its new cookie; a program's token stays as it is."""
    renew = "authorization" not in request.headers
    if proof.password is not None:
        password = proof.password.get_secret_value()
        token = await actions.step_up_with_password(
            auth, caller, password, origin=origin, renew=renew
        )
    elif proof.passkey is not None:
        token = await actions.step_up_with_passkey(
            auth,
            caller,
            challenge=proof.passkey.challenge,
            answer=proof.passkey.credential,
            origin=origin,
            renew=renew,
        )
    else:
        token = await actions.step_up_with_code(
            auth, caller, proof.code or "", origin=origin, renew=renew
        )
    if token is not None:
        left = caller.session_expires_at - datetime.now(UTC)
        web_of(request).cookies.set_session(
            response, token, max_age=max(1, int(left.total_seconds()))
        )
