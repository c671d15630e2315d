from uuid import UUID

from pydantic import BaseModel

from backend.community.counters.schemas import CounterKey


class ChosenAward(BaseModel):
    """The award that was chosen on a member's page."""

    award: UUID


class ChosenCounter(BaseModel):
    """The counter that was chosen on a member's page."""

    counter: CounterKey
