from uuid import UUID

from pydantic import BaseModel


class ChosenAward(BaseModel):
    """The award that was chosen on a member's page."""

    award: UUID
