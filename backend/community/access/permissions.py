"""Everything that somebody may be allowed to do, by name. The migrations say who may at first."""

from enum import StrEnum


class Permission(StrEnum):
    """A name is a promise: it stands in the database and in API keys."""

    MEMBERS_READ = "members.read"
    MEMBERS_PROMOTE = "members.promote"
    MEMBERS_DISCHARGE = "members.discharge"
    MEMBERS_EXPORT = "members.export"
    ACCESS_READ = "access.read"
    RANKS_MANAGE = "ranks.manage"
    MISSIONS_MANAGE = "missions.manage"
    TRAININGS_MANAGE = "trainings.manage"
    COMPLETIONS_AWARD = "completions.award"
    COMPLETIONS_REVOKE = "completions.revoke"
    STATS_WRITE = "stats.write"
    SEASONS_MANAGE = "seasons.manage"
    POSTS_READ = "posts.read"
    POSTS_WRITE = "posts.write"
    ITEMS_READ = "items.read"
    ITEMS_MANAGE = "items.manage"
    ITEMS_ISSUE = "items.issue"
    AWARDS_READ = "awards.read"
    AWARDS_MANAGE = "awards.manage"
    AWARDS_GRANT = "awards.grant"
    APPLICATIONS_SUBMIT = "applications.submit"
    APPLICATIONS_REVIEW = "applications.review"
    APPLICATIONS_DECIDE = "applications.decide"
    APPLICATIONS_MANAGE = "applications.manage"
    API_KEYS_MANAGE = "api_keys.manage"
    WEBHOOKS_MANAGE = "webhooks.manage"


DESCRIPTIONS: dict[Permission, str] = {
    Permission.MEMBERS_READ: "See the directory and everybody's profile.",
    Permission.MEMBERS_PROMOTE: "Promote and demote members below one's own rank.",
    Permission.MEMBERS_DISCHARGE: "Record that a member left, or came back.",
    Permission.MEMBERS_EXPORT: "Download all members with everything that stands of them.",
    Permission.ACCESS_READ: "See who may do what, and others' tags, plan tiers and feature flags.",
    Permission.RANKS_MANAGE: "Change the ladder of ranks.",
    Permission.MISSIONS_MANAGE: "Change the catalogue of missions and schedule them.",
    Permission.TRAININGS_MANAGE: "Change the catalogue of trainings and schedule classes.",
    Permission.COMPLETIONS_AWARD: "Award missions and trainings.",
    Permission.COMPLETIONS_REVOKE: "Revoke what others have awarded.",
    Permission.STATS_WRITE: "Change counters that are not derived from the record.",
    Permission.SEASONS_MANAGE: "Open and close seasons.",
    Permission.POSTS_READ: "Read posts.",
    Permission.POSTS_WRITE: "Write, schedule and publish posts.",
    Permission.ITEMS_READ: "See items and who holds what.",
    Permission.ITEMS_MANAGE: "Change the catalogue of items and their stock.",
    Permission.ITEMS_ISSUE: "Issue items and take them back.",
    Permission.AWARDS_READ: "See awards and who holds them.",
    Permission.AWARDS_MANAGE: "Change the catalogue of awards and their rules.",
    Permission.AWARDS_GRANT: "Confirm suggested awards, grant and withdraw them.",
    Permission.APPLICATIONS_SUBMIT: "Apply.",
    Permission.APPLICATIONS_REVIEW: "Read applications, answer and vote.",
    Permission.APPLICATIONS_DECIDE: "Accept and reject applications.",
    Permission.APPLICATIONS_MANAGE: "Change the application forms.",
    Permission.API_KEYS_MANAGE: "Make and revoke API keys.",
    Permission.WEBHOOKS_MANAGE: "Say which addresses are told of events, and see what they answered.",
}
