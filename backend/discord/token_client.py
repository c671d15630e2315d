"""Refreshing and revoking Discord's tokens (Discord facts 1.7 and 1.8)."""

import base64
import logging
import time
from urllib.parse import urlencode

import httpx2

from backend.discord.answers import check_token_answer, json_object, refuse_trouble, token_error
from backend.discord.errors import (
    DiscordAuthorizationLost,
    DiscordRateLimited,
    DiscordUnreachable,
)
from backend.discord.http import AiohttpTransport, total_budget, user_agent
from backend.discord.sign_in_client import DiscordApplication
from backend.discord.single_flight import SingleFlight
from backend.discord.tokens import DiscordTokens, read_tokens

log = logging.getLogger(__name__)

_FLIGHTS = 4


class DiscordTokenClient:
    """One for the life of the process.

    Once Discord has said 429 nothing is sent before the time that it named: the token endpoint is
    limited by address, for everybody at once.
    """

    def __init__(
        self, application: DiscordApplication, transport: httpx2.AsyncBaseTransport | None = None
    ) -> None:
        self._base = f"{application.api_base_url}/oauth2/token"
        self._transport = transport or AiohttpTransport()
        pair = f"{application.client_id}:{application.client_secret}"
        self._headers = {
            "User-Agent": user_agent(application.public_url),
            "Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}",
            "Accept": "application/json",
            "Content-Type": "application/x-www-form-urlencoded",
        }
        self._quiet_until = 0.0
        self.flights: SingleFlight[str] = SingleFlight(_FLIGHTS)

    async def refresh(self, refresh_token: str) -> DiscordTokens:
        """Trade a refresh token for a new pair; the old one is dead from then on.

        Raises DiscordAuthorizationLost, DiscordRateLimited, DiscordUnreachable and others.
        """
        form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
        answer = check_token_answer(await self._post("", form))
        body = json_object(answer)
        if answer.status_code == httpx2.codes.OK:
            return read_tokens(body)
        if body["error"] == "invalid_grant":
            raise DiscordAuthorizationLost
        raise token_error(body["error"])

    async def revoke(self, token: str) -> None:
        """End every token that this application has for the person (RFC 7009).

        Raises DiscordRateLimited, DiscordUnreachable and others; an unknown token is no error.
        """
        answer = await self._post("/revoke", {"token": token})
        refuse_trouble(answer)
        if answer.status_code == httpx2.codes.OK:
            return
        error = str(json_object(answer).get("error"))
        raise token_error(error)

    async def close(self) -> None:
        await self.flights.land()
        await self._transport.aclose()

    async def _post(self, path: str, form: dict[str, str]) -> httpx2.Response:
        self._wait_is_over()
        request = httpx2.Request(
            "POST", self._base + path, headers=self._headers, content=urlencode(form).encode()
        )
        try:
            async with total_budget():
                answer = await self._transport.handle_async_request(request)
                await answer.aread()
        except (httpx2.HTTPError, TimeoutError) as error:
            log.warning(
                "Discord cannot be reached",
                extra={"action": "discord.unreachable", "cause": type(error).__name__},
            )
            raise DiscordUnreachable from error
        self._remember_limit(answer)
        return answer

    def _wait_is_over(self) -> None:
        left = self._quiet_until - time.monotonic()
        if left > 0:
            raise DiscordRateLimited(int(left) + 1)

    def _remember_limit(self, answer: httpx2.Response) -> None:
        try:
            refuse_trouble(answer)
        except DiscordRateLimited as limit:
            self._quiet_until = time.monotonic() + limit.retry_after
            raise
