"""The people that the stand-in starts with: every kind that has broken a login somewhere."""

from typing import Any

from backend.devtools.discord.guilds import (
    GUILD_ID,
    LOUNGE_ID,
    MODERATOR_ROLE_ID,
    STARGAZER_ROLE_ID,
    SUPPORTER_ROLE_ID,
    membership,
)
from backend.devtools.discord.people import Person, Profile

NOVA_ID = "181003314784727899"
COSMO_ID = "507877169553616447"
LYRA_ID = "602098014612279013"
QUIETCOMET_ID = "97654105695812411"
ORION_ID = "686171999428997381"
STELLA_ID = "1124298928939307247"
SPUTNIK_ID = "283921468614284057"
ZOE_ID = "831127145668930329"
REX_ID = "1010146751276665961"
VEGA_ID = "129544237869240811"
JUNO_ID = "1425805633118875885"
PIXEL_ID = "846709823892335289"


def seeded_people() -> dict[str, Person]:
    """Return fresh copies, so that a test may change them (docs: Discord facts 10, item 6)."""
    people = [
        Person(
            nova(),
            note="Everything filled in; in two servers",
            memberships={
                GUILD_ID: membership(roles=[STARGAZER_ROLE_ID], nick="Nova ✨"),
                LOUNGE_ID: membership(),
            },
        ),
        Person(profile(COSMO_ID, "cosmo.l", "Cosmo Lindqvist", avatar=None), "No avatar"),
        Person(
            profile(LYRA_ID, "lyra.okafor", "Lyra Okafor", avatar=f"a_{picture(3)}"),
            note="Animated avatar",
        ),
        Person(profile(QUIETCOMET_ID, "quietcomet", None), note="No display name"),
        Person(
            profile(ORION_ID, "orionvance", "Orion Vance", email=None, verified=False),
            note="No e-mail address: phone only",
        ),
        Person(
            profile(STELLA_ID, "stella.marsh", "Stella Marsh", verified=False),
            note="E-mail not verified",
        ),
        Person(
            profile(SPUTNIK_ID, "Sputnik", None, avatar=None, discriminator="1337", bot=True),
            note="Bot with an old #1337 tag",
        ),
        Person(
            profile(ZOE_ID, "zoe.luna", "Zoë Łuna 🪐 星野", locale="pl"),
            note="Name in several scripts",
        ),
        Person(
            profile(REX_ID, "rexmeteor", "Rex Meteor"),
            note="Banned from Farout Observatory",
            banned_from=frozenset({GUILD_ID}),
        ),
        Person(
            profile(VEGA_ID, "captain_vega", "Captain Vega", mfa_enabled=True),
            note="Member with moderator and supporter roles",
            memberships={GUILD_ID: membership(roles=[MODERATOR_ROLE_ID, SUPPORTER_ROLE_ID])},
        ),
        Person(profile(JUNO_ID, "juno.drift", "Juno Drift"), note="In no server at all"),
        Person(
            profile(PIXEL_ID, "pixel.halley", "Pixel Halley"),
            note="Has not accepted the server's rules yet",
            memberships={GUILD_ID: membership(pending=True)},
        ),
    ]
    return {person.id: person for person in people}


def picture(number: int) -> str:
    return f"{number:02x}6b0d549b6f03675a1600a35a09995d"


def profile(user_id: str, username: str, global_name: str | None, **chosen: Any) -> Profile:
    """Return a whole ``/users/@me`` answer: name only what is special about this person."""
    usual: Profile = {
        "id": user_id,
        "username": username,
        "discriminator": "0",
        "global_name": global_name,
        "avatar": picture(int(user_id) % 251),
        "banner": None,
        "accent_color": None,
        "avatar_decoration_data": None,
        "collectibles": None,
        "primary_guild": None,
        "flags": 0,
        "public_flags": 0,
        "premium_type": 0,
        "mfa_enabled": False,
        "locale": "en-US",
        "email": f"{username.lower()}@example.com",
        "verified": True,
    }
    return usual | chosen


def nova() -> Profile:
    return profile(
        NOVA_ID,
        "nova.reyes",
        "Nova Reyes",
        banner=picture(200),
        accent_color=0x5B7FFF,
        avatar_decoration_data={"asset": picture(201), "sku_id": "1144058844004233369"},
        collectibles={
            "nameplate": {
                "sku_id": "1349849614198505602",
                "asset": "nameplates/nebula/nebula_drift/",
                "label": "",
                "palette": "cobalt",
            }
        },
        primary_guild={
            "identity_guild_id": GUILD_ID,
            "identity_enabled": True,
            "tag": "FARO",
            "badge": picture(202),
        },
        flags=64,
        public_flags=64,
        mfa_enabled=True,
        locale="es-ES",
    )
