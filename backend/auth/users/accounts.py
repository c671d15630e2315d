from dataclasses import dataclass
from datetime import datetime

from backend.auth.models import AccountSecurity, User


@dataclass(frozen=True)
class Account:
    """A user with what else is known of them; ``is_banned`` is by the database's clock.

    ``deletion_due_at`` is there if they have asked for their account to be deleted.
    """

    user: User
    security: AccountSecurity
    is_banned: bool
    deletion_due_at: datetime | None
