"""A token that was good is refused as soon as what it stands for has ended."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import httpx2
import pytest

from backend.auth.users.actions import change_user
from tests.fixtures.application import Browser, Farout
from tests.fixtures.databases import Connection
from tests.security.corpora import cases


@dataclass(frozen=True)
class SignedIn:
    """Somebody with a session and an access token for it."""

    farout: Farout
    owner: Connection
    browser: Browser
    token: str
    uid: UUID
    session_id: UUID

    async def with_token(self) -> httpx2.Response:
        async with self.farout.browser() as program:
            header = {"Authorization": f"Bearer {self.token}"}
            return await program.get("/auth/session", headers=header)


@pytest.fixture
async def nova(farout: Farout, auth_owner: Connection) -> SignedIn:
    browser = await farout.signed_in()
    token = (await browser.post("/auth/token")).json()["access_token"]
    session = (await browser.get("/auth/session")).json()
    return SignedIn(
        farout, auth_owner, browser, token,
        UUID(session["user"]["uid"]), UUID(session["session"]["id"]),
    )  # fmt: skip


async def sign_out(nova: SignedIn) -> None:
    assert (await nova.browser.post("/auth/logout")).status_code == 204


async def end_the_session_from_elsewhere(nova: SignedIn) -> None:
    other = await nova.farout.signed_in()
    assert (await other.delete(f"/auth/sessions/{nova.session_id}")).status_code == 204


async def let_the_session_run_out(nova: SignedIn) -> None:
    await nova.owner.execute("UPDATE sessions SET expires_at = now() - interval '1 second'")


async def deactivate_the_user(nova: SignedIn) -> None:
    await change_user(nova.farout.auth, nova.uid, is_active=False, by=None)


async def ban_the_user(nova: SignedIn) -> None:
    await nova.owner.execute("UPDATE account_security SET banned_at = now(), ban_reason = 'Spam'")


async def ban_the_user_for_a_day(nova: SignedIn) -> None:
    await nova.owner.execute(
        "UPDATE account_security SET banned_at = now(), ban_reason = 'Spam',"
        " ban_expires_at = now() + $1",
        timedelta(days=1),
    )


async def delete_the_user(nova: SignedIn) -> None:
    await nova.owner.execute("DELETE FROM users")


async def delete_the_session(nova: SignedIn) -> None:
    await nova.owner.execute("DELETE FROM sessions")


End = Callable[[SignedIn], Awaitable[None]]
ENDS: tuple[End, ...] = (
    sign_out,
    end_the_session_from_elsewhere,
    let_the_session_run_out,
    deactivate_the_user,
    ban_the_user,
    ban_the_user_for_a_day,
    delete_the_user,
    delete_the_session,
)
PLAYED_BY: dict[str, tuple[End, ...]] = {
    "revoked": (sign_out, end_the_session_from_elsewhere),
    "logged out": (sign_out,),
    "deactivated": (deactivate_the_user,),
    "disabled": (deactivate_the_user,),
    "banned": (ban_the_user, ban_the_user_for_a_day),
    "deleted": (delete_the_user,),
    "unknown": (delete_the_session,),
    "never existed": (delete_the_session,),
    "expired": (let_the_session_run_out,),
}
"""Which of them plays a case of the corpus, by a word of its ``why``."""


@pytest.mark.parametrize("end", ENDS, ids=lambda end: end.__name__)
async def test_a_good_token_is_refused_after(end: End, nova: SignedIn) -> None:
    assert (await nova.with_token()).status_code == 200

    await end(nova)

    response = await nova.with_token()
    if end in PLAYED_BY["banned"]:
        # The token says whose it is, and they may know why it opens nothing any more.
        assert (response.status_code, response.json()["code"]) == (403, "account_banned")
        return
    assert response.status_code == 401, response.text
    assert response.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize("case_id", [c["id"] for c in cases("jwt_attacks") if c.get("needs_state")])
def test_the_corpus_names_no_other_end(case_id: str) -> None:
    why = next(case["why"] for case in cases("jwt_attacks") if case["id"] == case_id)
    assert any(word in why for word in PLAYED_BY), why


@pytest.mark.asvs("10.3.2")
async def test_a_token_with_another_persons_session_is_refused(
    nova: SignedIn, farout: Farout
) -> None:
    other = await farout.signed_in("507877169553616447")
    theirs = (await other.get("/auth/session")).json()
    signer = farout.auth.tokens.signer
    for uid, session_id in (
        (nova.uid, UUID(theirs["session"]["id"])),
        (UUID(theirs["user"]["uid"]), nova.session_id),
    ):
        token = signer.sign(uid=uid, session_id=session_id)
        response = await other.get("/auth/session", headers={"Authorization": f"Bearer {token}"})
        assert response.status_code == 401


async def test_a_bad_token_is_not_saved_by_a_good_cookie(nova: SignedIn) -> None:
    for authorization in ("Bearer", "Bearer x", "Basic eDp4", f"bearer {nova.token}x", ""):
        header = {"Authorization": authorization}
        response = await nova.browser.get("/auth/session", headers=header)
        assert response.status_code == 401, authorization
