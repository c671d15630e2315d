from typing import Annotated

from pydantic import AfterValidator

from backend.settings import SharedSettings, check_database_url, required


class SyncSettings(SharedSettings):
    """What writing the mirror needs, and no more: it is not the role that the pages work as."""

    sync_database_url: Annotated[str, AfterValidator(check_database_url)] = required(
        "Set it to postgresql://farout_sync:password@host:5432/farout."
    )


class CommunitySettings(SyncSettings):
    """What the community side reads from the environment, and nobody else does."""

    database_url: Annotated[str, AfterValidator(check_database_url)] = required(
        "Set it to postgresql://farout_app:password@host:5432/farout."
    )
