"""Everybody may download all that both sides hold about them, and nothing of anybody else's."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import Column, Uuid
from sqlalchemy.sql import visitors

from backend.auth.models import Base as AuthBase
from backend.auth.models import User
from backend.auth.own_data import tables as of_auth
from backend.community.models import Member
from backend.community.models.base import Base as CommunityBase
from backend.community.own_data import tables as of_community
from backend.devtools.discord.seeds import COSMO_ID, NOVA_ID
from backend.own_rows import Held
from tests.community.test_erasing_a_member import everything_happens
from tests.fixtures.application import Farout
from tests.fixtures.community import People
from tests.fixtures.databases import Connection
from tests.fixtures.people import enrol, stale, uid_of
from tests.fixtures.two_services import AuthService, CommunityService

NAMES = {"uid", "user_id", "discord_id", "email", "recipient", "old_email", "new_email"}


@dataclass(frozen=True)
class Side:
    """A side's tables, its part of the download, and what is left out of that on purpose."""

    metadata: Any
    held: Iterable[Held[Any]]
    not_shown: Mapping[str, str]
    person: Any


SIDES = {
    "auth": Side(
        AuthBase.metadata, of_auth.HELD, of_auth.NOT_SHOWN, of_auth.Person(1, uuid4(), "x", "1")
    ),
    "community": Side(
        CommunityBase.metadata, of_community.HELD, of_community.NOT_SHOWN,
        of_community.Person(uuid4(), ["1"], [1]),
    ),
}  # fmt: skip


def refers_to_a_person(column: Column[Any]) -> bool:
    if {key.column for key in column.foreign_keys} & {
        User.__table__.c.id, Member.__table__.c.id,
    }:  # fmt: skip
        return True
    is_uid = isinstance(column.type, Uuid) and column.name.endswith(("_uid", "_by"))
    return is_uid or column.name in NAMES


def is_an_act(column: Column[Any]) -> bool:
    """Who did something to a row of somebody else: the audit log, which is shown, has the entry."""
    return column.name.endswith("_by") or column.name == "instructor_uid"


@pytest.mark.parametrize("name", SIDES)
def test_no_table_that_refers_to_a_person_is_forgotten(name: str) -> None:
    """A new table goes into HELD of its side's own_data/tables.py, or with a reason into NOT_SHOWN."""
    side = SIDES[name]
    asked: dict[str, set[str]] = {}
    for held in side.held:
        found = asked.setdefault(held.table.name, set())
        for element in visitors.iterate(held.theirs(side.person)):
            if isinstance(element, Column) and element.table is held.table:
                found.add(element.name)
    forgotten = [
        f"{table.name}.{column.name}"
        for table in side.metadata.tables.values()
        for column in table.columns
        if refers_to_a_person(column)
        and column.name not in asked.get(table.name, ())
        and not (table.name in asked and (is_an_act(column) or _is_the_other_half(table, column)))
        and table.name not in side.not_shown
    ]

    assert forgotten == []
    assert set(side.not_shown) <= set(side.metadata.tables), (
        "a reason for a table that is not there"
    )
    assert not set(side.not_shown) & set(asked), "shown, and with a reason not to be"


def _is_the_other_half(table: Any, column: Column[Any]) -> bool:
    """A column that says the same of the person as the one that is asked for."""
    same = {
        "account_security.uid", "email_changes.new_email", "email_changes.old_email",
        "email_verifications.email", "userbase.discord_id", "userbase.email", "userbase.user_id",
        "members.discord_id", "users.discord_id", "users.email", "former_discord_ids.discord_id",
    }  # fmt: skip
    return f"{table.name}.{column.name}" in same


@pytest.mark.parametrize("name", SIDES)
def test_no_column_of_bytes_and_no_hash_is_shown(name: str) -> None:
    shown = {
        f"{held.table.name}.{column.name}" for held in SIDES[name].held for column in held.columns()
    }

    assert not {one for one in shown if "hash" in one or "secret." in one or one.endswith("token")}


async def test_it_holds_what_both_sides_know(
    people: People, auth_owner: Connection, community_owner: Connection
) -> None:
    admin, cosmo = await everything_happens(people, community_owner)
    await enrol(cosmo)
    await cosmo.post("/auth/token")

    answer = await cosmo.get("/api/own-data")

    assert answer.status_code == 200
    assert answer.headers["content-disposition"] == 'attachment; filename="own-data.json"'
    document = answer.json()
    assert document["uid"] == await uid_of(cosmo)
    auth, community = document["auth"], document["community"]
    assert auth["users"][0]["discord_id"] == COSMO_ID
    assert len(auth["recovery_codes"]) == 10
    assert auth["oauth_tokens"][0]["scopes"] == ["email", "identify"]
    assert community["members"][0]["bio"] == "Nobody else writes this."
    for table in ("completions", "rank_changes", "award_grants", "applications", "attendance"):
        assert community[table], table
    actions = {entry["action"] for entry in community["audit_log"]}
    assert {"completion.awarded", "completions.awarded", "signup.made"} <= actions
    # An admin's address is the admin's, and so is what else they are known by.
    acts = [one for one in auth["audit_log"] if one["actor_uid"] != document["uid"]]
    assert {entry["ip"] for entry in acts} <= {None}
    assert all(
        entry["ip"] is None
        for entry in community["audit_log"]
        if entry["actor_uid"] != document["uid"]
    )
    assert NOVA_ID not in answer.text
    assert (await admin.get("/auth/session")).json()["user"]["email"] not in answer.text
    assert await community_owner.fetchval(
        "SELECT count(*) FROM audit_log WHERE action = 'own_data.downloaded'"
    ) == 1  # fmt: skip


async def test_nothing_in_it_is_a_secret(
    farout: Farout, auth_owner: Connection, community_owner: Connection
) -> None:
    browser = await farout.signed_in(COSMO_ID)
    secret, codes = await enrol(browser)
    tokens = (await browser.post("/auth/token")).json()
    await auth_owner.execute("UPDATE users SET hashed_password = 'a-hash-of-a-password'")

    text = (await browser.get("/api/own-data")).text

    pairs = farout.standin.state.registry.by_refresh_token.values()
    secrets = [secret, *codes, browser.session_token, tokens["access_token"]]
    secrets += [tokens["refresh_token"], "a-hash-of-a-password"]
    secrets += [token for pair in pairs for token in (pair.access_token, pair.refresh_token)]
    assert not [one for one in secrets if str(one) in text]
    for query in ("SELECT token_hash FROM sessions", "SELECT secret FROM totp_secrets"):
        for (value,) in await auth_owner.fetch(query):
            assert value.hex() not in text


async def test_it_needs_a_fresh_proof(farout: Farout, auth_owner: Connection) -> None:
    browser = await farout.signed_in(COSMO_ID)
    await stale(auth_owner)

    refused = await browser.get("/api/own-data")
    page = await browser.get("/profile/data", headers={"Accept": "text/html"})

    assert (refused.status_code, refused.json()["code"]) == (403, "step_up_required")
    assert page.headers["location"] == "/step-up?next=%2Fprofile%2Fdata"
    assert (await farout.browser().get("/api/own-data")).status_code == 401


async def test_the_page_downloads_the_same_document(farout: Farout) -> None:
    browser = await farout.signed_in(COSMO_ID)

    page = await browser.get("/profile/data", headers={"Accept": "text/html"})

    assert page.headers["content-type"] == "application/json"
    assert json.loads(page.text)["auth"]["users"][0]["discord_id"] == COSMO_ID
    account = (await browser.get("/account")).text
    assert 'href="/profile/data"' in account
    assert 'href="/account/deletion"' in account


async def test_two_services_put_it_together_too(
    distant_auth: AuthService, distant_community: CommunityService
) -> None:
    nova = await distant_auth.signed_in(NOVA_ID)

    document = (await nova.at(distant_community.app).get("/api/own-data")).json()

    assert document["auth"]["users"][0]["discord_id"] == NOVA_ID
    assert set(document["community"]) == {held.table.name for held in of_community.HELD}
    await distant_auth.wire.close()
    assert (await nova.at(distant_community.app).get("/api/own-data")).status_code == 503
