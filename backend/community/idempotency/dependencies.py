"""How an endpoint promises that a repeated request is done once."""

import hashlib
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Header, Request, Response
from pydantic import BaseModel
from starlette.responses import JSONResponse

from backend.community.access.callers import AnyAccess
from backend.community.access.queries import Access
from backend.community.dependencies import Transaction
from backend.community.idempotency.actions import Answer, claim, keep
from backend.community.idempotency.errors import IdempotencyKeyInvalid

_KEY = re.compile(r"[!-~]{1,200}")


@dataclass(frozen=True)
class Once:
    """``await once.answer(body, 201, action)``: with a key, the action runs for one request only."""

    db: Transaction
    caller: Access
    path: str
    key: str | None

    async def answer(
        self, body: BaseModel, status: int, action: Callable[[], Awaitable[BaseModel]]
    ) -> Response:
        if self.key is None:
            return JSONResponse((await action()).model_dump(mode="json"), status)
        fingerprint = hashlib.sha256(f"{self.path}\n{body.model_dump_json()}".encode()).digest()
        earlier = await claim(self.db, self.caller.uid, self.key, fingerprint)
        if earlier is not None:
            replayed = {"Idempotent-Replayed": "true"}
            return JSONResponse(earlier.body, earlier.status, headers=replayed)
        answer = Answer(status, (await action()).model_dump(mode="json"))
        await keep(self.db, self.caller.uid, self.key, answer)
        return JSONResponse(answer.body, answer.status)


async def read_key(
    request: Request,
    db: Transaction,
    caller: AnyAccess,
    idempotency_key: Annotated[
        str | None, Header(description="The same key and body again: done once, answered again.")
    ] = None,
) -> Once:
    if idempotency_key is not None and not _KEY.fullmatch(idempotency_key):
        raise IdempotencyKeyInvalid
    return Once(db, caller, f"{request.method} {request.scope['path']}", idempotency_key)


OnceOnly = Annotated[Once, Depends(read_key)]
