"""Every route of the community side."""

from starlette.routing import BaseRoute

from backend.community.members.endpoints import router as members
from backend.community.members.pages import router as member_pages
from backend.community.permissions.endpoints import router as permissions
from backend.community.ranks.endpoints import router as ranks

routes: list[BaseRoute] = []
for feature in (
    members,
    member_pages,
    permissions,
    ranks,
):
    routes.extend(feature.routes)
