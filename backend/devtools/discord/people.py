"""People who can be signed in as, and what they are at Discord."""

from dataclasses import dataclass, field
from typing import Any

Profile = dict[str, Any]

NEEDS_EMAIL_SCOPE = frozenset({"email", "verified"})
ONLY_FOR_ONESELF = NEEDS_EMAIL_SCOPE | {"mfa_enabled", "locale", "premium_type"}


@dataclass(frozen=True)
class Person:
    """Somebody at Discord: ``profile`` is the whole of ``/users/@me``, e-mail included.

    ``memberships`` holds what each server says about them, by server id.
    """

    profile: Profile
    note: str
    memberships: dict[str, dict[str, Any]] = field(default_factory=dict)
    banned_from: frozenset[str] = frozenset()

    @property
    def id(self) -> str:
        return str(self.profile["id"])

    @property
    def username(self) -> str:
        return str(self.profile.get("username") or self.id)

    @property
    def display_name(self) -> str:
        return str(self.profile.get("global_name") or self.username)

    @property
    def handle(self) -> str:
        """Return the username, with the old ``#1337`` where there still is one."""
        if has_legacy_tag(self.profile):
            return f"{self.username}#{self.profile['discriminator']}"
        return self.username

    def seen_by_themselves(self, *, with_email: bool) -> Profile:
        """Return the answer of ``/users/@me`` (docs: Discord facts 2.1)."""
        hidden = frozenset[str]() if with_email else NEEDS_EMAIL_SCOPE
        return {name: value for name, value in self.profile.items() if name not in hidden}

    def seen_by_others(self) -> Profile:
        return {name: value for name, value in self.profile.items() if name not in ONLY_FOR_ONESELF}


def has_legacy_tag(profile: Profile) -> bool:
    return profile.get("discriminator") not in ("0", None)


def default_avatar_number(profile: Profile) -> int:
    """Choose one of the pictures for people without one (docs: Discord facts 2.2)."""
    if has_legacy_tag(profile):
        return int(profile["discriminator"]) % 5
    return (int(profile["id"]) >> 22) % 6


def avatar_path(profile: Profile) -> str:
    """Return where the CDN has this person's picture."""
    avatar = profile.get("avatar")
    if avatar is None:
        return f"/embed/avatars/{default_avatar_number(profile)}.png"
    kind = "gif" if str(avatar).startswith("a_") else "png"
    return f"/avatars/{profile['id']}/{avatar}.{kind}"
