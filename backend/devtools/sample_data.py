"""A small community for the first look."""

from sqlalchemy import func, select

from backend.community.models import Member
from backend.database import Database
from backend.devtools.fill.actions import OwnerMustBeSuperuser, fill

PEOPLE = 200


def _quietly(stage: str) -> None:
    """Two hundred people take a second; nobody needs to watch."""


async def add_sample_data(
    community: Database, owner_auth_url: str, owner_community_url: str
) -> None:
    """Fill empty databases; leaves any other, and those of a lesser owner, as they are."""
    async with community.transaction() as db:
        if await db.scalar(select(func.count()).select_from(Member)):
            return
    try:
        await fill(owner_auth_url, owner_community_url, PEOPLE, tell=_quietly)
    except OwnerMustBeSuperuser:
        return
