"""Every auth route that changes something leaves exactly one audit entry, pages and API alike."""

from typing import Any

import httpx2
import pytest

from tests.auth import scenes
from tests.auth.local_accounts import EMAIL, NAME, PASSWORD
from tests.auth.scenes import NEW_EMAIL, Scene, Setting, Site
from tests.auth.test_routes_by_caller import rows
from tests.fixtures.application import Farout
from tests.fixtures.databases import Connection
from tests.fixtures.mail import Mailbox
from tests.fixtures.people import uid_of

NEW_PASSWORD = "a lantern beyond the orbit 9"
SIGN_IN = {"identifier": NAME, "password": PASSWORD}
CHANGE = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
FIRST = {"new_password": NEW_PASSWORD, "repeated": NEW_PASSWORD}
RESET = {"token": "{token}", "new_password": NEW_PASSWORD}
MOVE = {"new_email": NEW_EMAIL, "current_password": PASSWORD}
ACCOUNT = {"username": "somebody", "email": EMAIL, "password": PASSWORD}
TOKEN = {"token": "{token}"}
CODE = {"code": "{code}"}
WITH_CODE = {"challenge": "{challenge}", **CODE}
WITH_RECOVERY_CODE = {"challenge": "{challenge}", "code": "{recovery_code}"}
PASSKEY = {"challenge": "{challenge}", "credential": "{credential}"}
REASON = {"reason": "Spam"}
# What stands behind the arrow tells the ways of one route apart.
STEPS: dict[str, tuple[Setting, dict[str, Any] | None]] = {
    "GET /auth/discord/callback": (scenes.at_discord, None),
    "GET /auth/discord/callback -> in place of a session": (scenes.at_discord_again, None),
    "GET /auth/discord/callback -> to link": (scenes.at_discord_to_link, None),
    "DELETE /auth/discord/link": (scenes.linked, None),
    "POST /account/discord/unlink": (scenes.linked, None),
    "POST /auth/logout": (scenes.with_password, None),
    "POST /sign-out": (scenes.with_password, None),
    "DELETE /auth/sessions/{session_id}": (scenes.two_sessions, None),
    "POST /account/sessions/{session_id}/end": (scenes.two_sessions, None),
    "DELETE /auth/sessions": (scenes.two_sessions, None),
    "POST /account/sessions/end-others": (scenes.two_sessions, None),
    "POST /auth/login": (scenes.with_password, SIGN_IN),
    "POST /auth/login -> refused": (scenes.with_password, SIGN_IN | {"password": "x"}),
    "POST /auth/login -> with a code to come": (scenes.enrolled, SIGN_IN),
    "POST /sign-in": (scenes.with_password, SIGN_IN),
    "POST /auth/login/code": (scenes.challenged, WITH_CODE),
    "POST /auth/login/code -> a recovery code": (scenes.challenged, WITH_RECOVERY_CODE),
    "POST /sign-in/code": (scenes.challenged, WITH_CODE),
    "POST /auth/password/change": (scenes.with_password, CHANGE),
    "POST /password": (scenes.with_password, CHANGE | {"repeated": NEW_PASSWORD}),
    "POST /auth/password/set": (scenes.with_discord, {"new_password": NEW_PASSWORD}),
    "POST /password/first": (scenes.with_discord, FIRST),
    "POST /auth/password/forgot": (scenes.with_password, {"email": EMAIL}),
    "POST /auth/password/forgot -> of nobody": (scenes.somebody, {"email": EMAIL}),
    "POST /password/forgot": (scenes.with_password, {"email": EMAIL}),
    "POST /auth/password/reset": (scenes.forgetful, RESET),
    "POST /password/reset": (scenes.forgetful, RESET | {"repeated": NEW_PASSWORD}),
    "POST /auth/register": (scenes.somebody, ACCOUNT),
    "POST /register": (scenes.somebody, ACCOUNT | {"repeated": PASSWORD}),
    "POST /auth/email/verify": (scenes.registered, TOKEN),
    "POST /verify-email": (scenes.registered, TOKEN),
    "POST /auth/email/verify/resend": (scenes.registered, None),
    "POST /verify-email/resend": (scenes.registered, None),
    "POST /auth/email/change": (scenes.with_password, MOVE),
    "POST /account/email": (scenes.with_password, MOVE),
    "POST /auth/email/change/confirm": (scenes.moving, TOKEN),
    "POST /account/email/confirm": (scenes.moving, TOKEN),
    "POST /auth/email/change/undo": (scenes.moved, TOKEN),
    "POST /account/email/undo": (scenes.moved, TOKEN),
    "POST /auth/totp": (scenes.with_password, None),
    "POST /account/factors/totp": (scenes.with_password, None),
    "POST /auth/totp/confirm": (scenes.enrolling, CODE),
    "POST /account/factors/totp/confirm": (scenes.enrolling, CODE),
    "DELETE /auth/totp": (scenes.enrolled, None),
    "POST /account/factors/totp/remove": (scenes.enrolled, None),
    "POST /auth/recovery-codes": (scenes.enrolled, None),
    "POST /account/factors/recovery-codes": (scenes.enrolled, None),
    "POST /auth/step-up": (scenes.with_password, {"password": PASSWORD}),
    "POST /auth/step-up -> a recovery code": (scenes.enrolled, {"code": "{recovery_code}"}),
    "POST /auth/step-up -> refused": (scenes.with_password, {"password": "x"}),
    "POST /step-up": (scenes.with_password, {"password": PASSWORD}),
    "POST /auth/passkeys": (scenes.asked_for_new_passkey, PASSKEY | {"name": "x"}),
    "DELETE /auth/passkeys/{passkey_id}": (scenes.with_passkey, None),
    "POST /account/factors/passkeys/{passkey_id}/remove": (scenes.with_passkey, None),
    "POST /auth/passkeys/sign-in": (scenes.asked_for_passkey, PASSKEY),
    "POST /auth/deletion": (scenes.with_password, {"username": NAME}),
    "POST /account/deletion": (scenes.with_password, {"username": NAME}),
    "DELETE /auth/deletion": (scenes.leaving, None),
    "POST /account/deletion/cancel": (scenes.leaving, None),
    "POST /auth/token": (scenes.with_password, None),
    "POST /auth/token/refresh": (scenes.with_program, {"refresh_token": "{refresh_token}"}),
    "POST /auth/token/revoke": (scenes.with_program, {"token": "{refresh_token}"}),
    "PATCH /auth/users/{uid}": (scenes.admin, {"role": "officer"}),
    "PATCH /auth/users/{uid} -> both": (scenes.admin, {"role": "officer", "is_active": False}),
    "POST /admin/users/{uid}/role": (scenes.admin, {"role": "officer"}),
    "POST /admin/users/{uid}/active": (scenes.admin, {"is_active": "false"}),
    "POST /auth/users/{uid}/require-password-change": (scenes.admin, None),
    "POST /admin/users/{uid}/require-password-change": (scenes.admin, None),
    "DELETE /auth/users/{uid}/sessions": (scenes.admin, None),
    "POST /admin/users/{uid}/sessions/end": (scenes.admin, None),
    "DELETE /auth/users/{uid}/sessions/{session_id}": (scenes.admin, None),
    "POST /admin/users/{uid}/sessions/{session_id}/end": (scenes.admin, None),
    "DELETE /auth/users/{uid}/factors": (scenes.admin, None),
    "POST /admin/users/{uid}/factors/remove": (scenes.admin, None),
    "POST /auth/users/{uid}/ban": (scenes.admin, REASON),
    "POST /admin/users/{uid}/ban": (scenes.admin, REASON),
    "POST /auth/users/{uid}/unban": (scenes.admin_and_banned, None),
    "POST /admin/users/{uid}/unban": (scenes.admin_and_banned, None),
    "DELETE /auth/kept-bans/{uid}": (scenes.admin_and_kept_ban, None),
    "POST /admin/kept-bans/{uid}/lift": (scenes.admin_and_kept_ban, None),
    "POST /auth/users/{uid}/impersonate": (scenes.admin, REASON),
    "POST /admin/users/{uid}/impersonate": (scenes.admin, REASON),
    "POST /auth/registration-codes": (scenes.admin, {"role": "officer"}),
    "DELETE /auth/registration-codes/{code_id}": (scenes.admin_with_code, None),
    "POST /internal/users/announce-again": (scenes.service, {"uids": ["{uid}"], "above": 0}),
}
# Nothing of anybody's is changed: what is kept is a question, which is forgotten in five minutes.
QUESTIONS = {"POST /auth/passkeys/new", "POST /auth/passkeys/proof", "POST /internal/validate"}
LEFT = "SELECT action, details::text FROM audit_log WHERE id > $1"


@pytest.fixture
async def site(keyed: Farout, auth_owner: Connection, mailbox: Mailbox) -> Site:
    return Site(keyed, auth_owner, mailbox)


def test_every_route_that_changes_something_is_tried() -> None:
    tried = {step.partition(" -> ")[0] for step in STEPS}
    unsafe = {row for row in rows() if not row.startswith("GET ")}

    assert tried - {"GET /auth/discord/callback"} == unsafe - QUESTIONS


@pytest.mark.parametrize("step", STEPS)
async def test_leaves_exactly_one_entry(step: str, site: Site) -> None:
    setting, body = STEPS[step]
    scene = await setting(site)
    last = await site.owner.fetchval("SELECT coalesce(max(id), 0) FROM audit_log")

    answer = await _take(scene, step.partition(" -> ")[0], body)

    refused = step.endswith("refused") or step.endswith("to come")
    assert answer.status_code in (400, 401) if refused else answer.status_code < 400, answer.text
    left = await site.owner.fetch(LEFT, last)
    assert len(left) == 1, left
    await _holds_no_secret(scene, left[0]["details"])


@pytest.mark.parametrize("route", sorted(QUESTIONS))
async def test_a_question_leaves_none(route: str, site: Site) -> None:
    scene = await (scenes.service if "internal" in route else scenes.with_password)(site)
    last = await site.owner.fetchval("SELECT coalesce(max(id), 0) FROM audit_log")

    answer = await _take(scene, route, {"cookie": "x"} if "internal" in route else None)

    assert answer.status_code == 200, answer.text
    assert await site.owner.fetch(LEFT, last) == []


async def _take(scene: Scene, route: str, body: dict[str, Any] | None) -> httpx2.Response:
    method, path = route.split()
    address = path.format(**scene.known)
    if "query" in scene.known and method == "GET":
        address += f"?{scene.known['query']}"
    filled = _filled(body, scene.known)
    is_form = not path.startswith(("/auth/", "/internal/"))
    sent = {"data": filled} if is_form else {"json": filled}
    return await scene.browser.request(method, address, **(sent if body is not None else {}))


def _filled(value: Any, known: dict[str, Any]) -> Any:
    """Put what is known in the place of its name in braces."""
    if isinstance(value, dict):
        return {name: _filled(one, known) for name, one in value.items()}
    if isinstance(value, list):
        return [_filled(one, known) for one in value]
    if isinstance(value, str) and value.startswith("{"):
        return known[value[1:-1]]
    return value


async def _holds_no_secret(scene: Scene, details: str) -> None:
    secrets = {"token", "code", "recovery_code", "challenge", "refresh_token"} & scene.known.keys()
    given = [PASSWORD, NEW_PASSWORD, *(str(scene.known[name]) for name in secrets)]
    assert [secret for secret in given if secret in details] == []


async def test_a_recovery_code_is_named_in_the_entry_of_what_it_opened(site: Site) -> None:
    scene = await scenes.challenged(site)
    await _take(scene, "POST /auth/login/code", WITH_RECOVERY_CODE)
    uid = await uid_of(scene.browser)

    found = await site.owner.fetch(
        "SELECT action FROM audit_log WHERE details->>'factor' = 'recovery_code'"
        " AND target_uid = $1",
        uid,
    )

    assert [row["action"] for row in found] == ["session.started"]


async def test_a_sign_in_names_the_session_that_it_replaced(site: Site) -> None:
    scene = await scenes.at_discord_again(site)
    before = (await scene.browser.get("/auth/session")).json()["session"]["id"]
    await _take(scene, "GET /auth/discord/callback", None)

    details = await site.owner.fetchval(
        "SELECT details->>'replaced' FROM audit_log WHERE action = 'session.started'"
        " AND target_uid = $1",
        await uid_of(scene.browser),
    )

    assert details == before
    ended = "SELECT revoked_reason FROM sessions WHERE id = $1"
    assert await site.owner.fetchval(ended, before) == "replaced"
