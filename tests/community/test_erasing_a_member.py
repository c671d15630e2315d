"""Whoever is deleted leaves a place in the record and nothing of themselves."""

import re
from typing import Any

import pytest

from backend.auth.deletion.erasing import erase_due
from backend.auth.side import Auth
from backend.community.projection.commands import compare_all
from backend.devtools.discord.seeds import COSMO_ID, NOVA_ID
from tests.community.test_audit_rows import LATEST, STEPS, id_in, someone_applies, take
from tests.fixtures.application import Browser, Farout
from tests.fixtures.community import People
from tests.fixtures.databases import Connection
from tests.fixtures.mirror import Deliver, in_step
from tests.fixtures.people import uid_of
from tests.fixtures.record import Unit
from tests.security.dumps import occurrences

AVATAR = "a_0123456789abcdef0123456789abcdef"
MEMBERS = "SELECT * FROM members ORDER BY id"


async def leave(browser: Browser, auth: Auth, owner: Connection) -> None:
    """Ask for the deletion, and let two weeks pass."""
    name = (await browser.get("/auth/session")).json()["user"]["username"]
    answer = await browser.post("/auth/deletion", json={"username": name})
    assert answer.status_code == 202, answer.text
    await owner.execute("UPDATE account_deletions SET due_at = now()")
    assert await erase_due(auth) == 1


async def everything_happens(people: People, owner: Connection) -> tuple[Browser, Browser]:
    """Each route that changes something is used, on Cosmo and by Cosmo; returns admin and Cosmo."""
    cosmo = await people.sign_in(COSMO_ID)
    admin = await people.sign_in(NOVA_ID, role="admin")
    known = {"discord_id": COSMO_ID, "role": "officer", "code": "veteran", "slug": "x", "key": "k"}
    known["key"] = "kills"
    for step, body in STEPS:
        row, _, name = step.partition(" -> ")
        if row.startswith("DELETE /api/trainings/{slug}/instructors") or row.endswith(
            ("/departure", "/return")
        ):
            continue
        for latest, query in LATEST.items():
            known[latest] = await owner.fetchval(query)
        if row.endswith("{application_id}/vote"):
            known["application_id"] = await someone_applies(cosmo, known["form_id"])
        if "/signups/{discord_id}" in row:
            await take(cosmo, "PUT /api/occurrences/{occurrence_id}/signup", {}, known)
        answer = await take(admin, row, body, known)
        assert answer.status_code < 400, (row, answer.text)
        if name:
            known[name] = id_in(answer)
    body = {"display_name": "Cosmo the Personal", "bio": "Nobody else writes this."}
    assert (await take(cosmo, "PATCH /api/members/me", body, known)).status_code == 200
    message = {"body": "Nobody else writes this."}
    path = "POST /api/applications/{application_id}/messages"
    assert (await take(cosmo, path, message, known)).status_code < 300
    await owner.execute(
        "UPDATE completions SET note = 'Nobody else writes this.',"
        " evidence = '{https://cosmo.example/}'; UPDATE attendance SET note = 'Nobody else writes'"
    )
    return admin, cosmo


async def test_after_everything_that_can_happen_nothing_of_them_is_left(
    people: People, auth_owner: Connection, community_owner: Connection, deliver: Deliver
) -> None:
    admin, cosmo = await everything_happens(people, community_owner)
    uid = await uid_of(cosmo)
    name = (await cosmo.get("/auth/session")).json()["user"]["username"]
    email = (await cosmo.get("/auth/session")).json()["user"]["email"]
    await community_owner.execute(
        "UPDATE members SET avatar_url = $2 WHERE discord_id = $1",
        COSMO_ID, f"https://cdn.test/avatars/{COSMO_ID}/{AVATAR}.png",
    )  # fmt: skip
    personal = [COSMO_ID, name, email, AVATAR]
    personal += ["Cosmo the Personal", "Nobody else writes", "cosmo.example"]
    assert all([await occurrences(community_owner, word) for word in personal])
    gone_id = await community_owner.fetchval(
        "SELECT id FROM members WHERE discord_id = $1", COSMO_ID
    )
    nova = "SELECT * FROM members WHERE discord_id = $1"
    before = await community_owner.fetch(nova, NOVA_ID)
    counts = await _counts(community_owner)

    await leave(cosmo, people.farout.auth, auth_owner)
    await deliver()

    found = {word: await occurrences(community_owner, word) for word in personal}
    assert found == {word: [] for word in personal}
    assert await community_owner.fetch(nova, NOVA_ID) == before
    row = await community_owner.fetchrow("SELECT * FROM members WHERE id = $1", gone_id)
    assert row is not None
    assert (row["display_name"], row["bio"]) == ("Former member", None)
    assert re.fullmatch("0[0-9]{19}", row["discord_id"])
    assert await compare_all(people.farout.community) == (2, [])
    after = await _counts(community_owner)
    changed = {
        table: (counts[table], after[table]) for table in counts if counts[table] != after[table]
    }
    assert set(changed) <= {
        "application_messages", "training_instructors", "departures", "idempotency_keys",
        "audit_log", "api_keys", "blog_posts", "scores", "score_tally", "counter_changes",
        "name_parts",
    }  # fmt: skip
    ip = "SELECT count(*) FROM audit_log WHERE actor_uid = $1 AND ip IS NOT NULL"
    assert await community_owner.fetchval(ip, uid) == 0
    acts = "SELECT count(*) FROM audit_log WHERE actor_uid = $1 AND details <> '{}'"
    assert await community_owner.fetchval(acts, await uid_of(admin)) > 20


async def _counts(owner: Connection) -> dict[str, int]:
    tables = await owner.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    return {table: await owner.fetchval(f"SELECT count(*) FROM {table}") for (table,) in tables}


async def test_the_record_of_others_and_closed_seasons_stay_right(
    unit: Unit, auth_owner: Connection, deliver: Deliver
) -> None:
    await unit.mission()
    season = {"slug": "spring", "title": "Spring"} | {
        "starts_at": "2020-01-01T00:00:00Z", "ends_at": "2021-01-01T00:00:00Z",
    }  # fmt: skip
    await unit.post("/api/seasons", season)
    given: dict[str, Any] = {
        "members": [COSMO_ID, NOVA_ID],
        "mission": "iron-dawn",
        "note": "Bravely, Cosmo",
    }
    given["completed_at"] = "2020-06-01T12:00:00Z"
    await unit.post("/api/completions/bulk", given)
    await unit.post("/api/seasons/spring/close", {})
    nova = await unit.profile(NOVA_ID)
    places = "SELECT member_id, counter, place, value FROM season_standings ORDER BY 1, 2"
    standings = await unit.database.fetch(places)

    await leave(unit.member, unit.farout.auth, auth_owner)

    assert await unit.profile(NOVA_ID) == nova
    assert await unit.database.fetch(places) == standings
    assert await compare_all(unit.farout.community) == (2, [])
    board = (await unit.officer.get("/api/leaderboards/points")).json()
    assert COSMO_ID not in str(board)
    assert "Former member" not in str(board)
    # A season that is opened later does not count them either.
    await unit.post("/api/seasons", season | {"slug": "later"})
    assert await compare_all(unit.farout.community) == (2, [])
    listed = (await unit.officer.get("/api/members")).json()["items"]
    assert [one["discord_id"] for one in listed] == [NOVA_ID]


async def test_in_the_time_of_grace_they_are_not_listed_and_come_back_when_they_stay(
    unit: Unit, auth_owner: Connection, deliver: Deliver
) -> None:
    async def listed() -> set[str]:
        await deliver()
        items = (await unit.officer.get("/api/members")).json()["items"]
        return {one["discord_id"] for one in items}

    assert await listed() == {NOVA_ID, COSMO_ID}
    name = (await unit.member.get("/auth/session")).json()["user"]["username"]
    await unit.member.post("/auth/deletion", json={"username": name})
    assert await listed() == {NOVA_ID}

    # Signing in again announces nothing else.
    await unit.member.sign_in(COSMO_ID)
    assert await listed() == {NOVA_ID}

    await unit.member.delete("/auth/deletion")
    assert await listed() == {NOVA_ID, COSMO_ID}
    assert await in_step(auth_owner, unit.database)


async def test_whoever_comes_back_begins_with_an_empty_profile(
    unit: Unit, auth_owner: Connection, deliver: Deliver
) -> None:
    await unit.mission()
    await unit.post("/api/completions", {"member": COSMO_ID, "mission": "iron-dawn"})
    old = await uid_of(unit.member)
    await leave(unit.member, unit.farout.auth, auth_owner)

    await unit.member.sign_in(COSMO_ID)
    await deliver()

    assert await uid_of(unit.member) != old
    profile = await unit.profile(COSMO_ID)
    assert profile["missions_completed"] == []
    assert await unit.database.fetchval("SELECT count(*) FROM members") == 3


async def test_whoever_is_back_before_the_news_of_their_deletion_is_new_all_the_same(
    farout: Farout, people: People, auth_owner: Connection, community_owner: Connection,
    deliver: Deliver, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """The community did not hear of the deletion when it came, as after a crash in between."""
    browser = await people.sign_in(COSMO_ID)
    await deliver()
    await browser.patch("/api/members/me", json={"bio": "An old life"}, headers={"If-Match": "*"})

    async def hears_nothing(event: Any) -> None:
        return None

    with monkeypatch.context() as patch:
        patch.setattr(farout.auth, "announce", hears_nothing)
        await leave(browser, farout.auth, auth_owner)
    await browser.sign_in(COSMO_ID)

    await deliver()

    assert await occurrences(community_owner, "An old life") == []
    assert (await browser.get("/api/members/me")).json()["bio"] is None
    rows = await community_owner.fetch(MEMBERS)
    assert [row["display_name"] for row in rows].count("Former member") == 1
    assert await in_step(auth_owner, community_owner)


async def test_the_profile_of_an_unlinked_discord_account_goes_too(
    farout: Farout, people: People, auth_owner: Connection, community_owner: Connection,
    deliver: Deliver,
) -> None:  # fmt: skip
    browser = await people.sign_in(COSMO_ID)
    await deliver()
    await auth_owner.execute("UPDATE users SET discord_id = NULL, hashed_password = 'x'")
    await deliver()

    await leave(browser, farout.auth, auth_owner)
    await deliver()

    assert await occurrences(community_owner, COSMO_ID) == []


async def test_unless_it_is_somebody_elses_by_now(
    farout: Farout, people: People, auth_owner: Connection, community_owner: Connection,
    deliver: Deliver,
) -> None:  # fmt: skip
    browser = await people.sign_in(COSMO_ID)
    await deliver()
    await auth_owner.execute("UPDATE users SET discord_id = NULL, hashed_password = 'x'")
    await deliver()
    other = await people.sign_in(COSMO_ID)
    await deliver()

    await leave(browser, farout.auth, auth_owner)
    await deliver()

    assert (await other.get("/api/members/me")).json()["discord_id"] == COSMO_ID
    assert await community_owner.fetchval("SELECT count(*) FROM former_discord_ids") == 0


async def test_a_deletion_is_recorded_once_and_cannot_be_undone_by_a_return(
    unit: Unit, auth_owner: Connection, deliver: Deliver
) -> None:
    await leave(unit.member, unit.farout.auth, auth_owner)
    await deliver()
    await deliver()
    gone = await unit.database.fetchval("SELECT discord_id FROM members WHERE discord_id LIKE '0%'")

    answer = await unit.officer.delete(f"/api/members/{gone}/departure")

    assert (answer.status_code, answer.json()["code"]) == (404, "member_not_found")
