"""A stand-in for Discord that costs next to nothing: authorize, token, profile.

    python -m bench.discord PORT

Who signs in is the driver's choice, ``bench_user=<n>`` on the authorize URL; the number travels in
the code and the token. It checks what Discord checks: the client's secret, the redirect address,
one use of a code, and the PKCE verifier.
"""

import asyncio
import base64
import hashlib
import itertools
import sys
from typing import cast
from urllib.parse import parse_qsl, quote, urlsplit

import httptools
import orjson
import uvloop

CLIENT_ID, CLIENT_SECRET = "100000000000000001", "bench-stand-in-secret"
FIRST_ID = 175928847299117063
_BASIC = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()


class Refused(Exception):
    """A request that Discord would refuse."""


def profile(user: int) -> dict[str, object]:
    return {
        "id": str(FIRST_ID + user),
        "username": f"bench{user}",
        "global_name": f"Bench {user}",
        "avatar": f"{user:032x}",
        "discriminator": "0",
        "public_flags": 0,
        "flags": 0,
        "banner": None,
        "accent_color": None,
        "mfa_enabled": True,
        "locale": "en-US",
        "premium_type": 0,
        "email": f"bench{user}@example.com",
        "verified": True,
    }


class Discord:
    """The codes that are under way; everything else is in the requests."""

    def __init__(self) -> None:
        self._codes: dict[str, tuple[int, str, str]] = {}
        self._serial = itertools.count(1)

    def answer(self, method: bytes, url: str, authorization: str, body: bytes) -> bytes:
        parts = urlsplit(url)
        try:
            match method, parts.path:
                case b"GET", "/oauth2/authorize":
                    return self._authorize(dict(parse_qsl(parts.query)))
                case b"POST", "/api/v10/oauth2/token":
                    return self._token(authorization, dict(parse_qsl(body.decode())))
                case b"GET", "/api/v10/users/@me":
                    return self._me(authorization)
            raise Refused("404: Not Found")
        except (Refused, KeyError, ValueError) as error:
            return _reply("400 Bad Request", orjson.dumps({"error": repr(error)}))

    def _authorize(self, query: dict[str, str]) -> bytes:
        if query["client_id"] != CLIENT_ID or query["response_type"] != "code":
            raise Refused("invalid_request")
        user, address = int(query["bench_user"]), query["redirect_uri"]
        code = f"c{next(self._serial):x}.{user}"
        self._codes[code] = (user, address, query["code_challenge"])
        location = f"{address}?code={code}&state={quote(query['state'], safe='')}"
        return _reply("302 Found", extra=f"location: {location}\r\n")

    def _token(self, authorization: str, form: dict[str, str]) -> bytes:
        user, address, challenge = self._codes.pop(form["code"])
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        if authorization != f"Basic {_BASIC}" or form["redirect_uri"] != address:
            raise Refused("invalid_client")
        if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != challenge:
            raise Refused("invalid_grant")
        return _reply(
            "200 OK",
            orjson.dumps(
                {
                    "token_type": "Bearer",
                    "access_token": f"t.{user}.{next(self._serial):x}",
                    "expires_in": 604800,
                    "refresh_token": f"r.{user}.{next(self._serial):x}",
                    "scope": "identify email",
                }
            ),
        )

    def _me(self, authorization: str) -> bytes:
        scheme, user, _ = authorization.split(".")
        if scheme != "Bearer t":
            raise Refused("401: Unauthorized")
        return _reply("200 OK", orjson.dumps(profile(int(user))))


def _reply(status: str, body: bytes = b"", extra: str = "") -> bytes:
    head = f"HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n"
    return f"{head}{extra}\r\n".encode() + body


class Connection(asyncio.Protocol):
    """One HTTP/1.1 connection."""

    def __init__(self, discord: Discord) -> None:
        self._discord = discord
        self._parser = httptools.HttpRequestParser(self)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self._transport.close()

    def on_message_begin(self) -> None:
        self._url, self._authorization, self._body = b"", "", b""

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        if name.lower() == b"authorization":
            self._authorization = value.decode("latin-1")

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        method, url = self._parser.get_method(), self._url.decode("latin-1")
        self._transport.write(self._discord.answer(method, url, self._authorization, self._body))
        if not self._parser.should_keep_alive():
            self._transport.close()


async def serve(port: int) -> None:
    discord = Discord()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(discord), "127.0.0.1", port, backlog=1024)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1])))
