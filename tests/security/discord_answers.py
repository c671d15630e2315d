"""Discord's part in a case: what ``idp`` says, played by the stand-in."""

from typing import Any

from backend.devtools.discord import fault_kinds, seeds
from backend.devtools.discord.fault_kinds import json_answer, text_answer
from backend.devtools.discord.faults import Fault
from backend.devtools.discord.people import Profile
from backend.devtools.discord.standin import Standin
from backend.discord.http import READ_SECONDS

ACCESS_TOKEN = "discord-access-token-that-nobody-may-see"
REFRESH_TOKEN = "discord-refresh-token-that-nobody-may-see"
PEOPLE = {"A": seeds.NOVA_ID, "B": seeds.COSMO_ID, "X": seeds.REX_ID}
A_GOOD_TOKEN = {
    "token_type": "Bearer",
    "access_token": ACCESS_TOKEN,
    "expires_in": 604_800,
    "refresh_token": REFRESH_TOKEN,
    "scope": "identify email",
}


def answer_well(standin: Standin, actor: str) -> None:
    """Let any code be good, and belong to the person in front of this browser."""
    standin.faults.token.always = json_answer(A_GOOD_TOKEN)
    standin.faults.user.always = json_answer(usual_profile(actor))


def answer_as_told(standin: Standin, idp: dict[str, Any]) -> None:
    """Let the next answers be those of a case; what it does not name stays good."""
    unknown = idp.keys() - {"token", "user"}
    assert not unknown, f"the runner does not know what Discord shall do: {unknown}"
    if "token" in idp:
        standin.faults.token.once(fault(idp["token"]))
    if "user" in idp:
        given = idp["user"]
        if isinstance(given, dict) and given.get("id") == "of-user-B":
            given = usual_profile("B")
        is_answer = isinstance(given, dict) and "status" in given
        standin.faults.user.once(fault(given) if is_answer else json_answer(given))


def forget_answers(standin: Standin) -> None:
    """Drop answers that were never asked for, so that they do not reach the next step."""
    standin.faults.token.clear()
    standin.faults.user.clear()


def usual_profile(actor: str) -> Profile:
    return seeds.seeded_people()[PEOPLE.get(actor, seeds.JUNO_ID)].profile


def fault(told: dict[str, Any]) -> Fault:
    """Turn ``{status, json | text | html, headers, delay_s, drop}`` into an answer."""
    unknown = told.keys() - {"status", "json", "text", "html", "headers", "delay_s", "drop"}
    assert not unknown, f"the runner does not know this of an answer: {unknown}"
    status, headers = told.get("status", 200), told.get("headers")
    if told.get("delay_s", 0) >= READ_SECONDS:
        return fault_kinds.timed_out()
    if told.get("drop"):
        return fault_kinds.connection_reset()
    if "json" in told:
        return json_answer(told["json"], status, headers=headers)
    media_type = "text/html" if "html" in told else told.get("media_type", "text/plain")
    text = told.get("html", told.get("text", ""))
    return text_answer(text, status, media_type=media_type, headers=headers)
