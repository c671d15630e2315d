"""The kinds of failure. What each becomes is said once: in ``web/error_responses.py`` and ``cli.py``."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar


class FaroutError(Exception):
    """Something that a person can be told: ``code`` is the promise to clients, the text a sentence."""

    code: ClassVar[str]
    # What RFC 6749 5.2 calls it, at the token endpoints alone.
    oauth_error: ClassVar[str | None] = None

    @property
    def facts(self) -> Mapping[str, Any]:
        """What programs are told besides: further members of the problem document."""
        return {}


class BadInput(FaroutError):
    """The request itself cannot be right, whoever sends it."""


class Invalid(FaroutError):
    """The request can be read, but what it says cannot be."""


class NotSignedIn(FaroutError):
    """Nobody is signed in, or the credentials that were sent are not good.

    ``scheme`` names the kind of credentials that would do.
    """

    scheme: ClassVar[str] = "Bearer"


class NotAllowed(FaroutError):
    """We know who asks, and they may not."""


class NotFound(FaroutError):
    """There is no such thing."""


class Conflict(FaroutError):
    """The request was fine, but what is there forbids it now."""


class ConditionMissing(FaroutError):
    """Such a change must say which state of the thing it was made for."""


class ConditionFailed(FaroutError):
    """The change was made for a state of the thing that is not there any more."""


class TooMany(FaroutError):
    """It was asked too often; ``retry_after`` is in seconds."""

    def __init__(self, message: str, *, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Upstream(FaroutError):
    """Discord, or the other side, gave no usable answer."""


class Unavailable(FaroutError):
    """It cannot be done at this moment; ``retry_after`` is in seconds."""

    def __init__(self, message: str, *, retry_after: int = 5) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class SettingsProblem(Exception):
    """Settings are missing or bad; ``problems`` has one line for each."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)
