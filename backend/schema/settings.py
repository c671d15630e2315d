from typing import Annotated

from pydantic import AfterValidator

from backend.settings import SharedSettings, check_database_url, required


class MigrationSettings(SharedSettings):
    """The owner's addresses: migrations alone change tables."""

    migration_auth_database_url: Annotated[str, AfterValidator(check_database_url)] = required(
        "Set it to postgresql://farout:password@host:5432/farout_auth."
    )
    migration_database_url: Annotated[str, AfterValidator(check_database_url)] = required(
        "Set it to postgresql://farout:password@host:5432/farout."
    )
