"""Whom somebody means who fills in a form: a member by name, or by Discord id."""

import re

from sqlalchemy.ext.asyncio import AsyncSession

from backend.community.members.directory import list_members
from backend.community.members.errors import MemberNameUnclear, NobodyCalledSo
from backend.community.members.queries import find_member
from backend.community.members.schemas import MemberFilters
from backend.community.models import Member

_DISCORD_ID = re.compile(r"[0-9]{1,20}")
_SHOWN = 5


async def find_meant(db: AsyncSession, text: str) -> Member:
    """Return the one member whom a text means.

    Raises NobodyCalledSo, MemberNameUnclear.
    """
    text = text.strip()
    by_id = await find_member(db, text) if _DISCORD_ID.fullmatch(text) else None
    if by_id is not None:
        return by_id
    filters = MemberFilters(search=text)
    page = await list_members(db, filters, after=None, limit=_SHOWN)
    if not text or not page.members:
        raise NobodyCalledSo(text)
    same = [one for one in page.members if one.display_name.casefold() == text.casefold()]
    found = same if same and page.last is None else page.members
    if len(found) > 1:
        raise MemberNameUnclear([(one.display_name, one.discord_id) for one in found])
    return found[0]
