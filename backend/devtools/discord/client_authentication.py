"""Is it really the application that asks? (docs: Discord facts 1.4 and 1.6)"""

import base64
import binascii
import hmac

from starlette.requests import Request

from backend.devtools.discord.answers import OAuthError
from backend.devtools.discord.settings import StandinSettings


def authenticate_client(request: Request, form: dict[str, str], settings: StandinSettings) -> None:
    """Take the secret from the header or from the form, never from both."""
    header = request.headers.get("authorization")
    if header is not None and "client_secret" in form:
        raise OAuthError("invalid_request")
    if header is not None:
        client_id, client_secret = read_basic(header)
        if form.get("client_id", client_id) != client_id:
            raise OAuthError("invalid_client", status=401)
    else:
        client_id, client_secret = form.get("client_id", ""), form.get("client_secret", "")
        refuse_missing_secret(form)
    is_right = same(client_id, settings.client_id) & same(client_secret, settings.client_secret)
    if not is_right:
        raise OAuthError("invalid_client", status=401)


def refuse_missing_secret(form: dict[str, str]) -> None:
    """Complain about the verifier instead, as Discord does: it takes this for a public client."""
    is_code_grant = form.get("grant_type") == "authorization_code"
    if is_code_grant and "client_secret" not in form and "code_verifier" not in form:
        raise OAuthError("invalid_request", 'Missing "code_verifier"')


def read_basic(header: str) -> tuple[str, str]:
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        raise OAuthError("invalid_client", status=401)
    try:
        decoded = base64.b64decode(encoded, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise OAuthError("invalid_client", status=401) from None
    client_id, _, client_secret = decoded.partition(":")
    return client_id, client_secret


def same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode(), expected.encode())
