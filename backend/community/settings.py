from typing import Annotated

from pydantic import AfterValidator

from backend.settings import SharedSettings, check_database_url, required


class CommunitySettings(SharedSettings):
    """What the community side reads from the environment, and nobody else does."""

    database_url: Annotated[str, AfterValidator(check_database_url)] = required(
        "Set it to postgresql://farout_app:password@host:5432/farout."
    )
