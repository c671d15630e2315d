"""What a case's ``check`` means, by the case's id: looked at when its steps are done."""

import base64
from collections import Counter
from collections.abc import Awaitable, Callable

from backend.devtools.discord.standin import STANDIN_CLIENT_SECRET
from tests.security.discord_answers import ACCESS_TOKEN, REFRESH_TOKEN
from tests.security.dumps import occurrences
from tests.security.steps import World

STRONG_BITS = 128
# 63 degrees of freedom: a fair source goes beyond this once in 10 million times.
LARGEST_CHI_SQUARE = 150.0


async def states_are_random(world: World) -> None:
    states = world.saved["state"]
    assert len(set(states)) == len(states) == 1000
    assert len({state[0] for state in states}) > 1
    assert all(len(base64.urlsafe_b64decode(f"{state}==")) * 8 >= STRONG_BITS for state in states)
    # The last character holds four bits of the 256 alone, so it takes fewer values.
    counted = Counter("".join(state[:-1] for state in states))
    fair = counted.total() / 64
    assert sum((counted[char] - fair) ** 2 / fair for char in counted) < LARGEST_CHI_SQUARE
    assert len(counted) == 64


async def the_secret_is_nowhere(world: World) -> None:
    """The answers and the log are looked at in every case; here are the documents and error pages."""
    person = world.person("A")
    for path in ("/openapi.json", "/docs", "/sign-in", "/healthz", "/readyz", "/nothing-here"):
        assert STANDIN_CLIENT_SECRET not in (await person.send("GET", path)).text, path
    for owner in (world.auth_owner, world.community_owner):
        assert await occurrences(owner, STANDIN_CLIENT_SECRET) == []


async def the_tokens_are_in_no_dump(world: World) -> None:
    for owner in (world.auth_owner, world.community_owner):
        for token in (ACCESS_TOKEN, REFRESH_TOKEN):
            assert await occurrences(owner, token) == []


CHECKS: dict[str, Callable[[World], Awaitable[None]]] = {
    "oa-state-entropy": states_are_random,
    "oa-secret-leak": the_secret_is_nowhere,
    "oa-token-at-rest": the_tokens_are_in_no_dump,
}
