"""The OAuth 2.0 client towards Discord: authorize URL, code exchange, profile (Discord facts 1 and 2)."""

import logging
from dataclasses import dataclass

import httpx2
from authlib.integrations.httpx_client import AsyncOAuth2Client, OAuthError
from pydantic import ValidationError

from backend.discord.answers import (
    SCOPES,
    check_token_answer,
    json_object,
    refuse_trouble,
    token_error,
)
from backend.discord.errors import (
    DiscordPermissionMissing,
    DiscordProfileUnusable,
    DiscordUnreachable,
)
from backend.discord.http import AiohttpTransport, total_budget, user_agent
from backend.discord.tokens import DiscordTokens, read_tokens
from backend.discord.users import DiscordUser

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class DiscordApplication:
    """Where Discord is and who we are to it."""

    client_id: str
    client_secret: str
    redirect_uri: str
    authorize_url: str
    api_base_url: str
    public_url: str


@dataclass(frozen=True)
class Authorization:
    """What a person's consent gave us: who they are, and the tokens to ask again."""

    user: DiscordUser
    tokens: DiscordTokens


class DiscordSignInClient:
    """One for the life of the process: constructing the client costs 17 ms."""

    def __init__(
        self, application: DiscordApplication, transport: httpx2.AsyncBaseTransport | None = None
    ) -> None:
        self._application = application
        self._transport = transport or AiohttpTransport()
        self._headers = {"User-Agent": user_agent(application.public_url)}
        self._profile_url = httpx2.URL(f"{application.api_base_url}/users/@me")
        self._http = AsyncOAuth2Client(
            application.client_id,
            application.client_secret,
            scope=SCOPES,
            redirect_uri=application.redirect_uri,
            code_challenge_method="S256",
            token_endpoint_auth_method="client_secret_basic",  # noqa: S106 - the method's name
            transport=self._transport,
            headers=self._headers,
            follow_redirects=False,
            timeout=5.0,
            trust_env=False,
        )
        self._http.register_compliance_hook("access_token_response", check_token_answer)

    def authorize_url(self, *, state: str, code_verifier: str) -> str:
        url, _ = self._http.create_authorization_url(
            self._application.authorize_url, state=state, code_verifier=code_verifier
        )
        return str(url)

    async def authorize(self, *, code: str, code_verifier: str) -> Authorization:
        """Exchange a code and read the profile behind it."""
        try:
            async with total_budget():
                tokens = await self._exchange(code, code_verifier)
                return Authorization(await self._read_profile(tokens.access_token), tokens)
        except (httpx2.TimeoutException, TimeoutError) as error:
            log.warning("Discord did not answer in time", extra={"action": "discord.timeout"})
            raise DiscordUnreachable from error
        except httpx2.HTTPError as error:
            log.warning(
                "Discord cannot be reached",
                extra={"action": "discord.unreachable", "cause": type(error).__name__},
            )
            raise DiscordUnreachable from error

    async def is_reachable(self) -> bool:
        """Whether Discord's API answers at all (used by ``farout doctor``)."""
        try:
            async with total_budget():
                answer = await self._get_profile({})
        except (httpx2.HTTPError, TimeoutError):
            return False
        return bool(answer.status_code == httpx2.codes.UNAUTHORIZED)

    async def close(self) -> None:
        await self._http.aclose()

    async def _get_profile(self, headers: dict[str, str]) -> httpx2.Response:
        # Straight to the transport: redirects, cookies and auth flows have no part in this call.
        request = httpx2.Request("GET", self._profile_url, headers=self._headers | headers)
        answer = await self._transport.handle_async_request(request)
        await answer.aread()
        return answer

    async def _exchange(self, code: str, code_verifier: str) -> DiscordTokens:
        try:
            token = await self._http.fetch_token(
                f"{self._application.api_base_url}/oauth2/token",
                grant_type="authorization_code",
                code=code,
                code_verifier=code_verifier,
                headers={"Accept": "application/json"},
            )
        except OAuthError as error:
            raise token_error(str(error.error)) from None
        finally:
            # Authlib keeps the last token on the client, which all sign-ins share.
            self._http.token = None
        return read_tokens(token)

    async def _read_profile(self, access_token: str) -> DiscordUser:
        headers = {"Authorization": f"Bearer {access_token}", "Accept": "application/json"}
        answer = await self._get_profile(headers)
        refuse_trouble(answer)
        if answer.status_code != httpx2.codes.OK:
            log.warning(
                "Discord refused the profile",
                extra={"action": "discord.profile_refused", "status": answer.status_code},
            )
            raise DiscordPermissionMissing
        try:
            return DiscordUser.model_validate(json_object(answer))
        except ValidationError:
            raise DiscordProfileUnusable from None
