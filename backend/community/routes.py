"""Every route of the community side."""

from fastapi import APIRouter

from backend.community.members.endpoints import router as members
from backend.community.members.pages import router as member_pages

router = APIRouter()
for feature in (members, member_pages):
    router.include_router(feature)
