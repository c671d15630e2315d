from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from backend.community.fields import Body
from backend.community.models.counter import DERIVED
from backend.community.text_fields import Title

LARGEST = 2**53 - 1


def _own(key: str) -> str:
    if key in DERIVED:
        raise ValueError("is counted from the record and cannot be declared")
    return key


CounterKey = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]


class NewCounter(Body):
    key: Annotated[CounterKey, AfterValidator(_own)]
    title: Title


class CounterDetails(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    key: str
    title: str


class CounterList(BaseModel):
    items: list[CounterDetails]


class CounterChange(Body):
    """Either the new value, or what to add to it, which may be less than nothing."""

    value: Annotated[int, Field(ge=0, le=LARGEST)] | None = None
    add: Annotated[int, Field(ge=-LARGEST, le=LARGEST)] | None = None

    @model_validator(mode="after")
    def _is_one_thing(self) -> "CounterChange":
        if (self.value is None) == (self.add is None):
            raise ValueError("give value or add")
        return self


class CounterValue(BaseModel):
    member: str
    counter: str
    value: int
