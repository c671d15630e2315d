from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from backend.community.fields import PageSize
from backend.community.text_fields import readable


class CatalogueListing(BaseModel):
    """Which part of a catalogue to list: by title, those whose title begins with `search`."""

    model_config = ConfigDict(extra="forbid")

    search: Annotated[str, Field(max_length=120), AfterValidator(readable)] = ""
    archived: Annotated[bool, Field(description="What is archived, too.")] = False
    limit: PageSize = 50
    cursor: str | None = None

    def name(self, catalogue: str) -> str:
        """One name for each list, so that a cursor is good for its own alone."""
        return f"{catalogue} {self.archived} {self.search}"
