"""What the outside may be told: which changes are events, and what is said of each.

An event has the name of the action that the audit log keeps, and says a part of what stands there.
An action is listed here as an event, or below with those of which nothing is said.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

Kind = Literal["id", "member", "text", "time", "day", "number", "names", "awarded"]
# How each kind is written in JSON. What is an id is text, however many digits it has.
IN_JSON: Mapping[Kind, str] = {
    "id": "an id, as text",
    "member": "the member's Discord id, as text",
    "text": "text",
    "time": "a time (RFC 3339, UTC), or null",
    "day": "a day, such as 2026-11-21",
    "number": "a whole number",
    "names": "a list of texts",
    "awarded": "an object: Discord ids, and the id of what each was awarded",
}


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that an event says; ``detail`` is its name in the audit log."""

    kind: Kind
    detail: str


@dataclass(frozen=True, slots=True)
class EventType:
    """A kind of event. Its name, and the names of what it says, are promises to receivers."""

    name: str
    meaning: str
    facts: Mapping[str, Fact]

    def data(self, details: Mapping[str, Any]) -> dict[str, Any]:
        """Return what an event of this type says, out of what the audit log says."""
        return {name: details[fact.detail] for name, fact in self.facts.items()}


def _event(name: str, meaning: str, **facts: Kind | tuple[Kind, str]) -> EventType:
    read = {
        fact: Fact(kind, fact) if isinstance(kind, str) else Fact(*kind)
        for fact, kind in facts.items()
    }
    return EventType(name, meaning, MappingProxyType(read))


_MEMBER: tuple[Kind, str] = ("member", "discord_id")
_RANK_CHANGE: dict[str, Kind | tuple[Kind, str]] = {
    "member": _MEMBER, "rank_change": ("id", "change"), "rank": "text", "effective_on": "day",
    "before": "text", "after": "text",
}  # fmt: skip
_STOCK: dict[str, Kind | tuple[Kind, str]] = {"item": "id", "quantity": "number", "stock": "number"}
_LENT = _STOCK | {"member": _MEMBER}
_SIGNUP: dict[str, Kind | tuple[Kind, str]] = {"occurrence": "id", "member": "member"}

EVENT_TYPES: Mapping[str, EventType] = {
    one.name: one
    for one in (
        _event("member.rank_changed", "A member was promoted or demoted.", **_RANK_CHANGE),
        _event("member.rank_change_undone", "A promotion or demotion was undone.", **_RANK_CHANGE),
        _event("member.left", "A member left.", member=_MEMBER),
        _event("member.returned", "A member who had left is back.", member=_MEMBER),
        _event(
            "member.profile_changed", "A member changed their profile.",
            member=_MEMBER, changed="names",
        ),
        _event(
            "member.access_changed", "What one member may do, or how they are tagged, changed.",
            member=_MEMBER,
        ),
        _event("rank.added", "The ladder got a step.", rank="text"),
        _event("rank.edited", "A step of the ladder changed.", rank="text"),
        _event("ladder.ordered", "The ladder was put into another order.", ranks=("names", "after")),
        _event("mission.created", "A mission came into the catalogue.", mission="text"),
        _event(
            "mission.changed", "A mission changed, was archived or restored.",
            mission="text", fields="names",
        ),
        _event("training.created", "A training came into the catalogue.", training="text"),
        _event(
            "training.changed", "A training changed, was archived or restored.",
            training="text", fields="names",
        ),
        _event(
            "training.prerequisites_set", "What a training requires changed.",
            training="text", requires="names",
        ),
        _event(
            "training.instructor_listed", "A training got an instructor.",
            training="text", member="member",
        ),
        _event(
            "training.instructor_unlisted", "An instructor of a training was taken off its list.",
            training="text", member="member",
        ),
        _event(
            "occurrence.scheduled", "A mission or a class was scheduled.",
            occurrence="id", of="text",
        ),
        _event(
            "occurrence.changed", "A date changed, or was called off.",
            occurrence="id", fields="names",
        ),
        _event("signup.made", "A member signed up, or chose another slot.", **_SIGNUP, slot="text"),
        _event("signup.approved", "An officer approved a sign-up that waited for it.", **_SIGNUP),
        _event("signup.withdrawn", "A member's sign-up was taken back.", **_SIGNUP),
        _event(
            "report.saved", "A report was written or changed; what it awards was awarded.",
            occurrence="id", people="number", awarded="number", revoked="number",
        ),
        _event(
            "completion.awarded", "A member completed a mission or a training.",
            member="member", completion="id", completed="text",
        ),
        _event(
            "completions.awarded", "Many members completed a mission or a training.",
            completed="text", members="awarded",
        ),
        _event(
            "completion.revoked", "A completion was revoked.", member="member", completion="id"
        ),
        _event("counter.declared", "There is a counter more.", counter="text"),
        _event(
            "counter.set", "A member's counter was set or added to.",
            member="member", counter="text", before="number", after="number",
        ),
        _event("season.opened", "A season was opened.", season="text"),
        _event("season.closed", "A season was closed; its standings stay.", season="text"),
        _event(
            "post.written", "A post was written: a draft, or public from its time on.",
            post="id", publish_at="time",
        ),
        _event(
            "post.edited", "A post was edited, published or scheduled.",
            post="id", changed="names", publish_at="time",
        ),
        _event("post.deleted", "A draft was deleted.", post="id"),
        _event("item.added", "An item came into the catalogue.", item="id"),
        _event("item.edited", "An item changed, was archived or restored.", item="id", changed="names"),
        _event("item.stocked", "There are more of an item.", **_STOCK),
        _event("item.removed", "There are fewer of an item.", **_STOCK),
        _event("item.issued", "A member was issued an item.", **_LENT),
        _event("item.returned", "A member gave an item back.", **_LENT),
        _event("award.added", "An award came into the catalogue.", award="id"),
        _event("award.edited", "An award changed, was archived or restored.", award="id", changed="names"),
        _event(
            "award.granted", "Members were granted an award.",
            award="id", members="names",
        ),
        _event("award.withdrawn", "An award was withdrawn.", award="id", member=_MEMBER),
        _event("form.added", "There is an application form more.", form="id"),
        _event(
            "form.edited", "An application form changed, was opened or closed.",
            form="id", changed="names",
        ),
        _event("application.submitted", "Somebody applied.", application="id"),
        _event("application.withdrawn", "An applicant took the application back.", application="id"),
        _event("application.accepted", "An application was accepted.", application="id"),
        _event("application.rejected", "An application was rejected.", application="id"),
    )
}  # fmt: skip

# Sent to one endpoint when somebody tests it, and to no other.
TEST = "webhook.test"

UNTOLD: Mapping[str, str] = {
    "application.voted": "Votes are secret.",
    "application.answered": "What officers write among themselves stays there.",
    "role.permissions_changed": "Who may do what is nobody's business outside.",
    "api_key.made": "Credentials.",
    "api_key.revoked": "Credentials.",
    "webhook.created": "Webhooks.",
    "webhook.changed": "Webhooks.",
    "webhook.secret_rotated": "Webhooks.",
    "webhook.tested": "Webhooks; the endpoint itself gets its test.",
    "webhook.replayed": "Webhooks.",
    "webhook.deleted": "Webhooks.",
    "webhook.disabled": "Webhooks.",
    "password_write.refused": "An attack on this installation.",
}


def of_action(action: str, details: Mapping[str, Any]) -> tuple[str, dict[str, Any]] | None:
    """Return the type and the data of the event that an action is, None if it is none."""
    found = EVENT_TYPES.get(action)
    return None if found is None else (found.name, found.data(details))
