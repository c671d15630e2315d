"""What ``bench.record`` asks of a full record: each question with differing values, worst ones too."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession

from backend.community.access.permissions import Permission
from backend.community.access.queries import Access
from backend.community.audit.origin import Origin
from backend.community.completions.actions import award
from backend.community.completions.queries import list_completions
from backend.community.completions.schemas import NewCompletion
from backend.community.members.directory import list_members
from backend.community.members.queries import get_member_here
from backend.community.members.schemas import MemberFilters
from backend.community.standings.queries import Board, place_of_member, top

Work = Callable[[AsyncSession, int], Awaitable[Any]]
PAGE = 50
_NOBODY = ("zzqx", "axxa", "hendrickson", "zora zora", "%%%")
_CATALOGUE = """
INSERT INTO missions (slug, title, points) VALUES
    ($1, 'Awarded here', 5), ('bench-few', 'Done by few', 5), ('bench-some', 'Done by some', 5)
ON CONFLICT DO NOTHING
"""
# One in so many members: so rare that to walk through everybody is slow, so many that to sort is.
_SOME_DO = """
INSERT INTO completions (member_id, kind, mission_id, slug, title, outcome, points, completed_at,
    awarded_by, via)
SELECT members.id, 'mission', missions.id, missions.slug, missions.title, 'success', 5, now(),
    (SELECT uid FROM userbase WHERE role <> 'member' ORDER BY user_id LIMIT 1), 'web'
FROM members, missions WHERE missions.slug = $1 AND members.id % $2 = 0
ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True)
class Values:
    """What is asked with: people from all over the record, and the catalogue."""

    people: Sequence[Any]
    missions: Sequence[Any]
    trainings: Sequence[Any]
    ranks: Sequence[str]
    common: Sequence[str]
    awarded: str

    def person(self, number: int) -> Any:
        return self.people[number % len(self.people)]

    def position(self, number: int) -> tuple[str, int] | None:
        """Return where a page begins: at the beginning now and then, else behind anybody."""
        one = self.person(number)
        return None if number % 8 == 0 else (one["name"], one["id"])

    def found(self, number: int) -> tuple[str, int] | None:
        """Return the same of a search: nobody is shown whose name does not have it."""
        begin = self.position(number)
        return begin and (self.search(number) + begin[0][:2], begin[1])

    def search(self, number: int) -> str:
        """Return letters of somebody's name, a whole name, very common letters, or nobody's name."""
        name: str = self.person(number)["name"]
        # Of one word: without its space, two letters would be another kind of search.
        start = number % max(1, name.find(" ") - 4)
        return (
            name[start : start + 3],
            self.common[number % len(self.common)],
            name[start : start + 5],
            name[:2],
            name,
            _NOBODY[number % len(_NOBODY)],
        )[number % 6]


async def read_values(owner: "asyncpg.Connection[asyncpg.Record]", rounds: int) -> Values:
    """Choose what to ask with, and let few and some have missions that hardly anybody has."""
    # Another one each time: nobody can be awarded the same twice.
    awarded = f"award-{uuid4().hex[:8]}"
    await owner.execute(_CATALOGUE, awarded)
    members = await owner.fetchval("SELECT count(*) FROM members")
    for slug, one_in in (("bench-few", max(1, members // 50)), ("bench-some", 140)):
        await owner.execute(_SOME_DO, slug, one_in, timeout=None)
    return Values(
        people=await owner.fetch(
            "SELECT id, discord_id, lower(display_name) AS name"
            " FROM members JOIN userbase USING (discord_id) WHERE is_active"
            " ORDER BY hashint8(id) LIMIT $1",
            rounds * 4,
        ),
        missions=await owner.fetch(
            "SELECT id, slug FROM missions WHERE slug NOT LIKE 'award-%' ORDER BY slug"
        ),
        trainings=await owner.fetch("SELECT id, slug FROM trainings ORDER BY slug"),
        ranks=[row["rank"] for row in await owner.fetch("SELECT DISTINCT rank FROM members")],
        common=[
            row["part"]
            for row in await owner.fetch(
                "SELECT left(part, 3) AS part FROM name_parts TABLESAMPLE SYSTEM (5)"
                " GROUP BY 1 ORDER BY count(*) DESC LIMIT 20"
            )
        ],
        awarded=awarded,
    )


def work_of(values: Values) -> dict[str, Work]:
    """Return what is measured, by its name."""
    officer = Access(
        uid=uuid4(), role="officer", discord_id=None,
        permissions=frozenset({Permission.COMPLETIONS_AWARD}),
    )  # fmt: skip

    def page(db: AsyncSession, number: int, **filters: Any) -> Awaitable[Any]:
        after = values.position(number)
        return list_members(db, MemberFilters(**filters), after=after, limit=PAGE)

    def mission(number: int) -> str:
        slug: str = values.missions[number % len(values.missions)]["slug"]
        return slug

    def training(number: int) -> str:
        slug: str = values.trainings[number % len(values.trainings)]["slug"]
        return slug

    def rank(number: int) -> str:
        return values.ranks[number % len(values.ranks)]

    def board(number: int) -> Board:
        return Board("points", (0, 30, 90)[number % 3])

    def first_page(db: AsyncSession, number: int, **filters: Any) -> Awaitable[Any]:
        return list_members(db, MemberFilters(**filters), after=None, limit=PAGE)

    def history(db: AsyncSession, number: int, **chosen: UUID) -> Awaitable[Any]:
        return list_completions(db, limit=PAGE, **chosen)  # type: ignore[arg-type]

    return {
        "directory page": lambda db, n: page(db, n, sort=("name", "-name")[n % 2]),
        "directory, newest": lambda db, n: first_page(db, n, sort="-joined"),
        "of a rank": lambda db, n: page(db, n, rank=rank(n)),
        "did a mission": lambda db, n: page(db, n, mission=mission(n)),
        "valid training, rank": lambda db, n: page(
            db, n, training=training(n), rank=rank(n // len(values.trainings))
        ),
        "name search": lambda db, n: first_page(db, n, search=values.search(n)),
        "name search, later": lambda db, n: list_members(
            db, MemberFilters(search=values.search(n)), after=values.found(n), limit=PAGE
        ),
        "name search, newest": lambda db, n: first_page(
            db, n, search=values.search(n), sort="-joined"
        ),
        "mission, newest": lambda db, n: first_page(db, n, mission=mission(n), sort="-joined"),
        "name search, mission": lambda db, n: first_page(
            db, n, search=values.search(n), mission=mission(n)
        ),
        "name search, rank": lambda db, n: first_page(db, n, search=values.search(n), rank=rank(n)),
        "newest of a mission": lambda db, n: history(
            db, n, mission_id=values.missions[n % len(values.missions)]["id"]
        ),
        "leaderboard, top 50": lambda db, n: top(db, board(n)),
        "my place": lambda db, n: place_of_member(db, board(n), values.person(n)["id"]),
        "member page": lambda db, n: get_member_here(
            db, values.person(n)["discord_id"], or_gone=False
        ),
        "member's history": lambda db, n: list_completions(
            db, member_id=values.person(n)["id"], revoked=True
        ),
        "award": lambda db, n: award(
            db, NewCompletion(member=values.person(n)["discord_id"], mission=values.awarded),
            by=officer, origin=Origin(),
        ),
    }  # fmt: skip
