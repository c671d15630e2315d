"""From a Discord account to a row in ``users``: one statement, safe under concurrency.

Accounts are keyed on Discord's id alone. A user name that somebody else holds becomes
``name~1234``, an e-mail address that somebody else holds is left out; both are decided inside the
statement, by index, whatever the number of users.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import asyncpg
import orjson
from sqlalchemy import (
    ARRAY,
    Boolean,
    ColumnElement,
    String,
    bindparam,
    case,
    cast,
    exists,
    func,
    literal_column,
    select,
    true,
    update,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from backend.auth.bans.kept import kept_bans
from backend.auth.discord_sign_in.errors import AccountDeactivated
from backend.auth.models import AccountDeletion, AccountSecurity, User
from backend.bridge.events import DiscordProfile
from backend.bridge.identity import Role
from backend.database import Rows, Statement
from backend.discord.users import DiscordUser


@dataclass(frozen=True)
class SignedInUser:
    id: int
    username: str
    email: str | None
    role: Role
    is_new: bool
    # False for somebody whose account is about to be deleted.
    stays: bool
    # For a newcomer, what kept_bans() selects.
    kept_bans: Sequence[Any] | None


def _upsert_statement() -> Statement:
    discord_id = cast(bindparam("discord_id"), String)
    names = (
        func.unnest(bindparam("names", type_=ARRAY(String)))
        .table_valued("name", with_ordinality="place")
        .render_derived(name="names")
    )
    holder, owner = User.__table__.alias("holder"), User.__table__.alias("owner")
    # A subquery for each name, not NOT EXISTS: PostgreSQL would turn that into a join, for which it
    # reads all of a small table.
    held_by_another = (
        select(holder.c.discord_id.is_distinct_from(discord_id))
        .where(holder.c.username == names.c.name)
        .scalar_subquery()
    )
    free_name = (
        select(names.c.name)
        .where(held_by_another.is_not(true()))
        .order_by(names.c.place)
        .limit(1)
        .scalar_subquery()
    )
    email = cast(bindparam("email"), String)
    free_email = (
        select(email)
        .where(
            ~exists().where(
                func.lower(owner.c.email) == func.lower(email),
                owner.c.discord_id.is_distinct_from(discord_id),
            )
        )
        .scalar_subquery()
    )
    new = insert(User).values(
        discord_id=bindparam("discord_id"),
        username=free_name,
        discriminator=bindparam("discriminator"),
        avatar=bindparam("avatar"),
        email=free_email,
        last_login=func.now(),
    )
    is_new: ColumnElement[bool] = literal_column("old.id IS NULL", Boolean)
    # Who signs in with a name and a password keeps the name, and the address that recovers it.
    has_password = User.hashed_password.is_not(None)
    return Statement(
        new.on_conflict_do_update(
            index_elements=[User.discord_id],
            set_={
                "username": case((has_password, User.username), else_=new.excluded.username),
                "discriminator": new.excluded.discriminator,
                "avatar": new.excluded.avatar,
                "email": case(
                    (has_password, func.coalesce(User.email, new.excluded.email)),
                    else_=func.coalesce(new.excluded.email, User.email),
                ),
                "last_login": new.excluded.last_login,
            },
        ).returning(
            User.id,
            User.username,
            User.email,
            User.role,
            User.is_active,
            (~exists().where(AccountDeletion.user_id == User.id)).label("stays"),
            is_new.label("is_new"),
            case((is_new, kept_bans())).label("kept_bans"),
            literal_column("new.email IS DISTINCT FROM old.email").label("email_changed"),
            # For this transaction alone; the trigger that writes the outbox reads it.
            func.set_config("farout.discord_profile", cast(bindparam("profile"), String), True),
        )
    )


_UPSERT = _upsert_statement()
_EMAIL_VERIFIED = Statement(
    update(AccountSecurity)
    .where(AccountSecurity.user_id == bindparam("of_user"))
    .values(email_verified_at=func.now())
)


async def upsert_account(rows: Rows, person: DiscordUser, profile: DiscordProfile) -> SignedInUser:
    """Find or make the account of a Discord user and bring it up to date.

    The profile travels with the event that this writes, so that a crash loses neither.
    Raises AccountDeactivated, and Collision when another sign-in took a name at the same moment.
    """
    row = await rows.row(
        _UPSERT,
        discord_id=person.id,
        names=name_candidates(person),
        discriminator=person.discriminator,
        avatar=person.avatar,
        email=person.verified_email,
        profile=_as_text(profile),
    )
    if row is None:
        raise RuntimeError("an upsert with RETURNING gives a row")
    if not row["is_active"]:
        raise AccountDeactivated
    if row["email_changed"]:
        await rows.row(_EMAIL_VERIFIED, of_user=row["id"])
    return _user(row)


async def hand_profile_to_outbox(db: AsyncSession, profile: DiscordProfile) -> None:
    """Let the event that this transaction writes carry the profile; call it before the change."""
    await db.execute(select(func.set_config("farout.discord_profile", _as_text(profile), True)))


def _as_text(profile: DiscordProfile) -> str:
    return orjson.dumps(asdict(profile)).decode()


def name_candidates(person: DiscordUser) -> list[str]:
    """Return the names to try in turn; the last holds the whole id, which nobody else has."""
    return [person.name, *(f"{person.name}~{person.id[-digits:]}" for digits in (4, 8, 20))]


def _user(row: asyncpg.Record) -> SignedInUser:
    names = ("id", "username", "email", "role", "is_new", "stays", "kept_bans")
    return SignedInUser(*(row[name] for name in names))
