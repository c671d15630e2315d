"""Every route of the community side."""

from starlette.routing import BaseRoute

from backend.community.api_keys.endpoints import router as api_keys
from backend.community.applications.endpoints import router as applications
from backend.community.applications.form_endpoints import router as application_forms
from backend.community.awards.endpoints import router as awards
from backend.community.completions.endpoints import router as completions
from backend.community.counters.endpoints import router as counters
from backend.community.departures.endpoints import router as departures
from backend.community.items.endpoints import router as items
from backend.community.members.endpoints import router as members
from backend.community.members.pages import router as member_pages
from backend.community.mirror.endpoints import router as mirror
from backend.community.missions.endpoints import router as missions
from backend.community.occurrences.endpoints import router as occurrences
from backend.community.own_data.endpoints import router as own_data
from backend.community.own_data.pages import router as own_data_pages
from backend.community.permissions.endpoints import router as permissions
from backend.community.posts.endpoints import router as posts
from backend.community.posts.pages import router as post_pages
from backend.community.ranks.endpoints import router as ranks
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
    departures,
    permissions,
    ranks,
    posts,
    post_pages,
    items,
    awards,
    application_forms,
    applications,
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
    api_keys,
    own_data,
    own_data_pages,
    mirror,
):
    routes.extend(feature.routes)
