from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict

from backend.community.fields import Body, Moment, Slug
from backend.community.text_fields import Title


def _free(slug: str) -> str:
    if slug in ("all", "30d", "90d"):
        raise ValueError("stands for a period that is always there")
    return slug


SeasonSlug = Annotated[Slug, AfterValidator(_free)]


class NewSeason(Body):
    slug: SeasonSlug
    title: Title
    starts_at: Moment
    ends_at: Moment


class SeasonDetails(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    slug: str
    title: str
    starts_at: datetime
    ends_at: datetime
    closed_at: datetime | None


class SeasonList(BaseModel):
    items: list[SeasonDetails]
