"""Access tokens can be read by a library that is not the one that makes them."""

from uuid import uuid4

from jose import jwt
from joserfc.jwk import OctKey

from backend.auth.crypto.access_tokens import AUDIENCE, Signer
from tests.fixtures.application import ORIGIN, Browser

SHARED_SECRET = "0123456789abcdefghijklmnopqrstuvwxyzABCDEF"


async def test_another_library_verifies_our_tokens_with_the_published_keys(
    browser: Browser,
) -> None:
    await browser.sign_in()
    token = (await browser.post("/auth/token")).json()["access_token"]
    published = (await browser.get("/.well-known/jwks.json")).json()

    claims = jwt.decode(token, published, algorithms=["ES256"], audience=AUDIENCE, issuer=ORIGIN)

    session = (await browser.get("/auth/session")).json()
    assert claims["sub"] == session["user"]["uid"]
    assert claims["sid"] == session["session"]["id"]
    assert claims["exp"] - claims["iat"] == 15 * 60
    assert not any("d" in key for key in published["keys"])


def test_another_library_verifies_our_tokens_with_the_shared_secret() -> None:
    signer = Signer("HS256", None, OctKey.import_key(SHARED_SECRET), ORIGIN)
    uid = uuid4()

    token = signer.sign(uid=uid, session_id=uuid4())

    claims = jwt.decode(
        token, SHARED_SECRET, algorithms=["HS256"], audience=AUDIENCE, issuer=ORIGIN
    )
    assert claims["sub"] == str(uid)
