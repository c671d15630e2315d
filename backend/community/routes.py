"""Every route of the community side."""

from starlette.routing import BaseRoute

from backend.community.api_keys.endpoints import router as api_keys
from backend.community.api_keys.pages import router as api_key_pages
from backend.community.applications.endpoints import router as applications
from backend.community.applications.form_endpoints import router as application_forms
from backend.community.applications.form_pages import router as application_form_pages
from backend.community.applications.pages import router as application_pages
from backend.community.applications.review_pages import router as review_pages
from backend.community.awards.endpoints import router as awards
from backend.community.awards.pages import router as award_pages
from backend.community.completions.bulk_pages import router as bulk_award_pages
from backend.community.completions.endpoints import router as completions
from backend.community.completions.pages import router as record_pages
from backend.community.counters.endpoints import router as counters
from backend.community.counters.pages import router as counter_pages
from backend.community.departures.endpoints import router as departures
from backend.community.items.endpoints import router as items
from backend.community.items.pages import router as item_pages
from backend.community.members.directory_pages import router as directory_pages
from backend.community.members.endpoints import router as members
from backend.community.members.pages import router as member_pages
from backend.community.mirror.endpoints import router as mirror
from backend.community.missions.endpoints import router as missions
from backend.community.missions.pages import router as mission_pages
from backend.community.occurrences.endpoints import router as occurrences
from backend.community.occurrences.pages import router as occurrence_pages
from backend.community.occurrences.scheduling_pages import router as scheduling_pages
from backend.community.own_data.endpoints import router as own_data
from backend.community.own_data.pages import router as own_data_pages
from backend.community.permissions.endpoints import router as permissions
from backend.community.permissions.member_pages import router as access_pages
from backend.community.permissions.pages import router as permission_pages
from backend.community.porting.endpoints import router as porting
from backend.community.posts.endpoints import router as posts
from backend.community.posts.pages import router as post_pages
from backend.community.posts.writing_pages import router as post_writing_pages
from backend.community.profiles.officer_pages import router as officer_pages
from backend.community.profiles.pages import router as profile_pages
from backend.community.ranks.endpoints import router as ranks
from backend.community.ranks.pages import router as rank_pages
from backend.community.reports.endpoints import router as reports
from backend.community.reports.pages import router as report_pages
from backend.community.seasons.endpoints import router as seasons
from backend.community.seasons.pages import router as season_pages
from backend.community.signups.endpoints import router as signups
from backend.community.signups.pages import router as signup_pages
from backend.community.standings.endpoints import router as standings
from backend.community.standings.pages import router as standings_pages
from backend.community.teaching.endpoints import router as teaching
from backend.community.teaching.pages import router as teaching_pages
from backend.community.trainings.endpoints import router as trainings
from backend.community.trainings.pages import router as training_pages
from backend.community.webhooks.endpoints import router as webhooks
from backend.community.webhooks.pages import router as webhook_pages

routes: list[BaseRoute] = []
for feature in (
    members,
    member_pages,
    directory_pages,
    profile_pages,
    officer_pages,
    departures,
    permissions,
    permission_pages,
    access_pages,
    ranks,
    rank_pages,
    posts,
    # First of these: «~new» is no id of a post.
    post_writing_pages,
    post_pages,
    items,
    item_pages,
    awards,
    award_pages,
    application_forms,
    applications,
    # First of these: «new» is no id of a form.
    application_form_pages,
    application_pages,
    review_pages,
    missions,
    mission_pages,
    trainings,
    training_pages,
    teaching,
    teaching_pages,
    completions,
    record_pages,
    bulk_award_pages,
    occurrences,
    scheduling_pages,
    occurrence_pages,
    signups,
    signup_pages,
    reports,
    report_pages,
    counters,
    counter_pages,
    seasons,
    season_pages,
    standings,
    standings_pages,
    porting,
    api_keys,
    api_key_pages,
    webhooks,
    webhook_pages,
    own_data,
    own_data_pages,
    mirror,
):
    routes.extend(feature.routes)
