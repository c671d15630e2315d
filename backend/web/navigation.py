"""The sections of the community, in the order in which pages link to them."""

from collections.abc import Set
from dataclasses import dataclass


@dataclass(frozen=True)
class Section:
    """One section; any of ``needs`` lets somebody in."""

    path: str
    title: str
    needs: frozenset[str]


def _section(path: str, title: str, *needs: str) -> Section:
    return Section(path, title, frozenset(needs))


SECTIONS = (
    _section("/members", "Members", "members.read"),
    _section("/ranks", "Ranks", "members.read"),
    _section("/calendar", "Calendar", "members.read"),
    _section("/missions", "Missions", "members.read"),
    _section("/trainings", "Trainings", "members.read"),
    _section("/leaderboards", "Leaderboards", "members.read"),
    _section("/awards", "Awards", "awards.read"),
    _section("/posts", "Posts", "posts.read"),
    _section(
        "/applications",
        "Applications",
        "applications.submit", "applications.review", "applications.manage",
    ),
    _section("/items", "Items", "items.read"),
    _section("/permissions", "Permissions", "access.read"),
    _section("/api-keys", "API keys", "api_keys.manage"),
    _section("/webhooks", "Webhooks", "webhooks.manage"),
)  # fmt: skip


def sections_for(permissions: Set[str]) -> list[Section]:
    """Return the sections that somebody with these permissions may enter."""
    return [section for section in SECTIONS if section.needs & permissions]


def is_in_a_section(path: str) -> bool:
    return any(path == one.path or path.startswith(f"{one.path}/") for one in SECTIONS)
