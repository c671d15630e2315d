"""A few people for the first look: members of a small community."""

import random

from sqlalchemy import func, insert, select

from backend.auth.models import User
from backend.community.models import Member
from backend.database import Database

_NAMES = (
    "Andromeda Vale", "Bo Hendricks", "Calypso Reed", "Dorian Achterberg", "Elena Sokolova",
    "Farid Haddad", "Galina Petrov", "Hana Kimura", "Ivo Lindqvist", "Juno Okafor",
    "Kaspar Weiss", "Lia Marchetti", "Mika Virtanen", "Noor al-Amin", "Odile Fontaine",
    "Pavel Novak", "Quinn Abernathy", "Rosa Delgado", "Sven Halvorsen", "Talia Brandt",
)  # fmt: skip
_RANKS = ("recruit", "member", "veteran", "captain")
_FIRST_ID = 200_000_000_000_000_000


async def add_sample_data(auth: Database, community: Database) -> None:
    """Fill empty databases with a small community; leaves any other as it is."""
    async with community.transaction() as db:
        if await db.scalar(select(func.count()).select_from(Member)):
            return
    dice = random.Random(7)
    people = [(str(_FIRST_ID + dice.randrange(10**15)), name) for name in _NAMES]
    async with auth.transaction() as db:
        users = [
            {"discord_id": discord_id, "username": name.lower().replace(" ", ".")}
            for discord_id, name in people
        ]
        await db.execute(insert(User), users)
    async with community.transaction() as db:
        await db.execute(insert(Member), [_member(dice, *person) for person in people])


def _member(dice: random.Random, discord_id: str, name: str) -> dict[str, object]:
    return {
        "discord_id": discord_id,
        "display_name": name,
        "bio": f"Hello, I am {name.split()[0]}.",
        "rank": dice.choice(_RANKS),
    }
