from backend.auth.models import User


def has_another_way_in(user: User) -> bool:
    """Whether somebody, whose row is locked, could still sign in without Discord."""
    return user.hashed_password is not None
