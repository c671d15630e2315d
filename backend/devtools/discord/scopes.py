"""The scopes that an application may ask for (docs: Discord facts 1.11)."""

IN_WORDS = {
    "identify": "See your username, avatar and banner",
    "email": "See your e-mail address",
    "guilds": "See which servers you are in",
    "guilds.members.read": "See your nickname and roles in your servers",
    "guilds.join": "Add you to servers",
    "connections": "See your linked accounts",
    "role_connections.write": "Update your details for linked roles",
    "openid": "Confirm who you are",
}

NEEDING_APPROVAL = frozenset({"messages.read", "rpc", "rpc.notifications.read", "rpc.voice.read"})
"""Offered on the page and refused afterwards, as Discord does to unapproved applications."""


def parse(scope: str) -> tuple[str, ...]:
    """Split at spaces, keep the order, drop repetitions; a comma makes an unknown scope."""
    return tuple(dict.fromkeys(scope.split()))


def are_known(wanted: tuple[str, ...]) -> bool:
    return bool(wanted) and all(name in IN_WORDS or name in NEEDING_APPROVAL for name in wanted)


def are_grantable(wanted: tuple[str, ...], *, with_challenge: bool) -> bool:
    """Linked roles cannot be had together with PKCE (docs: Discord facts 0, item 2)."""
    if with_challenge and "role_connections.write" in wanted:
        return False
    return NEEDING_APPROVAL.isdisjoint(wanted)


def describe(wanted: tuple[str, ...]) -> list[str]:
    return [IN_WORDS.get(name, f"Use “{name}”, which needs Discord's approval") for name in wanted]
