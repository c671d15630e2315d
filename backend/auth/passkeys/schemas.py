from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from backend.web.texts import readable

Challenge = Annotated[str, Field(max_length=128)]
Answer = Annotated[
    dict[str, Any], Field(description="What `PublicKeyCredential.toJSON()` of the browser gives.")
]
Name = Annotated[str, Field(min_length=1, max_length=64), AfterValidator(readable)]


class PasskeyQuestion(BaseModel):
    """`options` are for `navigator.credentials`; `challenge` comes back with the answer."""

    challenge: str
    options: dict[str, Any]


class PasskeyAnswer(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    challenge: Challenge
    credential: Answer


class NewPasskey(PasskeyAnswer):
    name: Name
