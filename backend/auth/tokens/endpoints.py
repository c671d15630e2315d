from fastapi import APIRouter, Response

from backend.auth.crypto.access_tokens import LIFETIME_SECONDS
from backend.auth.dependencies import RunningAuth
from backend.auth.tokens.schemas import AccessToken, KeySet
from backend.web.callers import Caller

router = APIRouter(tags=["tokens"])


@router.post("/auth/token")
async def make_access_token(caller: Caller, auth: RunningAuth) -> AccessToken:
    """Give a program an access token for the session that asks; it dies with that session."""
    token = auth.tokens.signer.sign(uid=caller.uid, session_id=caller.session_id)
    return AccessToken(access_token=token, expires_in=LIFETIME_SECONDS)


@router.get("/.well-known/jwks.json")
async def public_keys(auth: RunningAuth, response: Response) -> KeySet:
    """The keys to check access tokens with. A good signature alone says nothing of revocation."""
    response.headers["Cache-Control"] = "public, max-age=300"
    return KeySet(keys=auth.tokens.public_keys)
