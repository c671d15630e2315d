"""The servers that the seeded people are in (docs: Discord facts 3)."""

from typing import Any

GUILD_ID = "847072211758297399"
LOUNGE_ID = "938393953886511363"

MODERATOR_ROLE_ID = "847072211758612979"
STARGAZER_ROLE_ID = "847072211756319385"
SUPPORTER_ROLE_ID = "1196414114195799125"

PERMISSIONS = "2248473465835073"

GUILDS: dict[str, dict[str, Any]] = {
    GUILD_ID: {
        "id": GUILD_ID,
        "name": "Farout Observatory",
        "icon": None,
        "banner": None,
        "owner": False,
        "permissions": PERMISSIONS,
        "features": ["COMMUNITY", "MEMBER_VERIFICATION_GATE_ENABLED", "NEWS"],
    },
    LOUNGE_ID: {
        "id": LOUNGE_ID,
        "name": "Lagrange Point Lounge ☕",
        "icon": None,
        "banner": None,
        "owner": False,
        "permissions": PERMISSIONS,
        "features": [],
    },
}

MEMBER_COUNTS = {"approximate_member_count": 128, "approximate_presence_count": 42}


def membership(**chosen: Any) -> dict[str, Any]:
    """Return what a server says about one of its members, without the user."""
    usual: dict[str, Any] = {
        "avatar": None,
        "banner": None,
        "communication_disabled_until": None,
        "flags": 0,
        "joined_at": "2024-05-04T16:20:31.512000+00:00",
        "nick": None,
        "pending": False,
        "premium_since": None,
        "roles": [],
        "mute": False,
        "deaf": False,
    }
    return usual | chosen
