"""Every route of the community side."""

from starlette.routing import BaseRoute

from backend.community.completions.endpoints import router as completions
from backend.community.counters.endpoints import router as counters
from backend.community.members.endpoints import router as members
from backend.community.members.pages import router as member_pages
from backend.community.missions.endpoints import router as missions
from backend.community.occurrences.endpoints import router as occurrences
from backend.community.reports.endpoints import router as reports
from backend.community.seasons.endpoints import router as seasons
from backend.community.signups.endpoints import router as signups
from backend.community.standings.endpoints import router as standings
from backend.community.teaching.endpoints import router as teaching
from backend.community.trainings.endpoints import router as trainings

routes: list[BaseRoute] = []
for feature in (
    members,
    member_pages,
    missions,
    trainings,
    teaching,
    completions,
    occurrences,
    signups,
    reports,
    counters,
    seasons,
    standings,
):
    routes.extend(feature.routes)
