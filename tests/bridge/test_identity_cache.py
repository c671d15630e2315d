"""What is remembered of a caller, for how long, and what makes it forgotten."""

import asyncio
import base64
import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from backend.bridge.identity import Credentials, Identity
from backend.bridge.identity_cache import IdentityCache
from backend.errors import Unavailable

NOW = 1_000_000.0


class Gone(Unavailable):
    code = "gone"


@dataclass
class Source:
    """Notices as fresh as a test says."""

    confirmed_at: float = NOW
    epoch: int = 1


class AuthDouble:
    """Answers like an auth side whose answers a test can hold back."""

    def __init__(self) -> None:
        self.answers: dict[str, Identity | None] = {}
        self.asked = 0
        self.is_away = False
        self.held: list[asyncio.Future[None]] = []
        self.holds = False
        self.was_asked = asyncio.Event()

    async def __call__(self, credentials: Credentials) -> Identity | None:
        self.asked += 1
        self.was_asked.set()
        answer = self.answers.get(credentials.cookie or credentials.bearer or "")
        if self.holds:
            gate: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self.held.append(gate)
            await gate
        if self.is_away:
            raise Gone("away")
        return answer


class Scene:
    """A cache on an auth side, notices and clocks that stand still."""

    def __init__(self, **options: int) -> None:
        self.now = NOW
        self.wall = datetime(2026, 11, 21, tzinfo=UTC)
        self.auth = AuthDouble()
        self.source = Source()
        self.cache = IdentityCache(
            self.auth,
            clock=lambda: self.now,
            wall_clock=lambda: self.wall.timestamp(),
            **options,
        )
        self.cache.follow(self.source)

    def person(self, cookie: str, **chosen: object) -> Identity:
        identity = Identity(
            uid=uuid4(), user_id=1, session_id=uuid4(), username="nova", role="member",
            discord_id=None, avatar=None, email=None, must_change_password=False,
            session_created_at=self.wall, session_expires_at=self.wall + timedelta(days=7),
        )  # fmt: skip
        identity = replace(identity, **chosen)  # type: ignore[arg-type]
        self.auth.answers[cookie] = identity
        return identity

    async def ask(self, cookie: str) -> Identity | None:
        return await self.cache(Credentials(cookie=cookie))

    async def held(self, cookie: str) -> asyncio.Task[Identity | None]:
        """Ask, and return while auth still thinks about it; ``release`` lets it answer."""
        self.auth.holds = True
        self.auth.was_asked.clear()
        task = asyncio.create_task(self.ask(cookie))
        await self.auth.was_asked.wait()
        self.auth.holds = False
        return task

    def pass_time(self, seconds: float, *, confirmed: bool = True) -> None:
        self.now += seconds
        self.wall += timedelta(seconds=seconds)
        if confirmed:
            self.source.confirmed_at = self.now


@pytest.fixture
def scene() -> Scene:
    return Scene()


async def test_auth_is_asked_once_while_notices_are_heard(scene: Scene) -> None:
    nova = scene.person("a")

    assert [await scene.ask("a") for _ in range(3)] == [nova] * 3
    assert (scene.auth.asked, scene.cache.hits, scene.cache.misses) == (1, 2, 1)


async def test_auth_is_asked_again_after_five_minutes(scene: Scene) -> None:
    scene.person("a")
    await scene.ask("a")

    scene.pass_time(299.9)
    await scene.ask("a")
    assert scene.auth.asked == 1
    scene.pass_time(0.1)
    await scene.ask("a")
    assert scene.auth.asked == 2


async def test_a_session_is_not_remembered_past_its_end(scene: Scene) -> None:
    scene.person("a", session_expires_at=scene.wall + timedelta(seconds=10))
    await scene.ask("a")

    scene.pass_time(10)
    scene.auth.answers.clear()
    assert await scene.ask("a") is None


def _token(claims: object) -> str:
    payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    return f"e30.{payload}.c2ln"


async def test_an_access_token_is_not_remembered_past_its_own_end(scene: Scene) -> None:
    token = _token({"exp": scene.wall.timestamp() + 60})
    scene.person(token)
    for _ in range(2):
        await scene.cache(Credentials(bearer=token))
    assert scene.auth.asked == 1

    scene.pass_time(60)
    await scene.cache(Credentials(bearer=token))
    assert scene.auth.asked == 2


@pytest.mark.parametrize("token", ["opaque", "a.b.c", _token({}), _token([]), _token({"exp": "x"})])
async def test_a_token_that_does_not_tell_its_end_is_not_remembered(
    scene: Scene, token: str
) -> None:
    scene.person(token)

    for _ in range(2):
        assert await scene.cache(Credentials(bearer=token)) is not None
    assert scene.auth.asked == 2


async def test_a_cookie_and_a_token_of_the_same_text_are_two_credentials(scene: Scene) -> None:
    token = _token({"exp": scene.wall.timestamp() + 60})
    scene.person(token)
    await scene.cache(Credentials(bearer=token))
    scene.auth.answers.clear()

    assert await scene.ask(token) is None


async def test_a_refusal_is_never_remembered(scene: Scene) -> None:
    assert await scene.ask("a") is None
    nova = scene.person("a")
    assert await scene.ask("a") == nova


@pytest.mark.parametrize("about", ["session", "user", "all", "something new"])
async def test_a_notice_ends_what_it_is_about(scene: Scene, about: str) -> None:
    nova = scene.person("a")
    await scene.ask("a")

    subject: dict[str, UUID | str] = {"session": nova.session_id, "user": nova.uid}
    scene.cache.take_notice(f"{about} {subject.get(about, '')}".strip())

    scene.auth.answers.clear()
    assert await scene.ask("a") is None


async def test_a_notice_about_somebody_else_ends_nothing(scene: Scene) -> None:
    nova = scene.person("a")
    await scene.ask("a")

    scene.cache.take_notice(f"user {uuid4()}")
    scene.cache.take_notice(f"session {nova.uid}")

    await scene.ask("a")
    assert scene.auth.asked == 1


async def test_a_notice_of_a_user_ends_all_of_their_sessions(scene: Scene) -> None:
    nova = scene.person("a")
    scene.person("b", uid=nova.uid)
    await scene.ask("a")
    await scene.ask("b")

    scene.cache.take_notice(f"user {nova.uid}")

    assert len(scene.cache) == 0


async def test_an_answer_from_before_a_notice_is_not_kept_after_it(scene: Scene) -> None:
    nova = scene.person("a")
    late = await scene.held("a")
    scene.auth.answers.clear()
    scene.cache.take_notice(f"session {nova.session_id}")
    scene.auth.held[0].set_result(None)
    assert await late == nova

    assert await scene.ask("a") is None


async def test_an_answer_is_not_kept_when_more_notices_came_than_are_remembered(
    scene: Scene,
) -> None:
    scene.person("a")
    late = await scene.held("a")
    for _ in range(5000):
        scene.cache.take_notice(f"user {uuid4()}")
    scene.auth.held[0].set_result(None)
    await late

    assert len(scene.cache) == 0


async def test_notices_of_others_do_not_keep_an_answer_from_being_kept(scene: Scene) -> None:
    scene.person("a")
    late = await scene.held("a")
    scene.cache.take_notice(f"user {uuid4()}")
    scene.auth.held[0].set_result(None)
    await late

    assert len(scene.cache) == 1


async def test_a_late_yes_does_not_outlive_a_later_no(scene: Scene) -> None:
    scene.person("a")
    late = await scene.held("a")
    scene.auth.answers.clear()
    assert await scene.ask("a") is None
    scene.auth.held[0].set_result(None)
    await late

    scene.auth.is_away = True
    with pytest.raises(Gone):
        await scene.ask("a")


async def test_a_late_answer_does_not_replace_a_later_one(scene: Scene) -> None:
    scene.person("a", role="admin")
    late = await scene.held("a")
    scene.pass_time(0.1)
    scene.person("a", role="member")
    await scene.ask("a")
    scene.auth.held[0].set_result(None)
    await late

    found = await scene.ask("a")
    assert found is not None
    assert found.role == "member"


async def test_nothing_is_believed_when_the_notices_are_not_fresh(scene: Scene) -> None:
    scene.person("a")
    await scene.ask("a")

    scene.pass_time(0.9, confirmed=False)
    scene.auth.answers.clear()
    assert await scene.ask("a") is None


async def test_what_was_remembered_before_the_connection_broke_is_not_believed(
    scene: Scene,
) -> None:
    scene.person("a")
    await scene.ask("a")
    late = await scene.held("b")

    scene.source.epoch += 1
    scene.auth.held[0].set_result(None)
    await late
    await scene.ask("a")
    await scene.ask("a")
    assert scene.auth.asked == 3


async def test_an_entry_answers_for_five_minutes_while_auth_is_away(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    nova = scene.person("a")
    await scene.ask("a")
    scene.auth.is_away = True

    scene.pass_time(299, confirmed=False)
    assert await scene.ask("a") == nova
    with pytest.raises(Gone):
        await scene.ask("b")
    scene.pass_time(1, confirmed=False)
    with pytest.raises(Gone):
        await scene.ask("a")

    assert scene.cache.fallbacks == 1
    [record] = [one for one in caplog.records if vars(one).get("action") == "identity.fallback"]
    assert vars(record)["uid"] == str(nova.uid)
    assert vars(record)["session"] == str(nova.session_id)


async def test_a_no_removes_what_would_answer_while_auth_is_away(scene: Scene) -> None:
    scene.person("a")
    await scene.ask("a")
    scene.pass_time(1, confirmed=False)
    scene.auth.answers.clear()
    assert await scene.ask("a") is None

    scene.auth.is_away = True
    with pytest.raises(Gone):
        await scene.ask("a")


async def test_it_holds_a_bounded_number_and_lets_the_oldest_go() -> None:
    scene = Scene(most_entries=100)
    for number in range(1000):
        scene.person(str(number))
        await scene.ask(str(number))

    assert len(scene.cache) == 100
    before = scene.auth.asked
    await scene.ask("999")
    assert scene.auth.asked == before
    await scene.ask("0")
    assert scene.auth.asked == before + 1


async def test_what_is_too_old_makes_room_by_itself(scene: Scene) -> None:
    for number in range(50):
        scene.person(str(number))
        await scene.ask(str(number))
    scene.pass_time(301)

    scene.person("new")
    await scene.ask("new")

    assert len(scene.cache) == 1
