from dataclasses import dataclass

from backend.auth.models import AccountSecurity, User


@dataclass(frozen=True)
class Account:
    """A user with what else is known of them; ``is_banned`` is by the database's clock."""

    user: User
    security: AccountSecurity
    is_banned: bool
