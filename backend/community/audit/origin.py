from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request came from, as audit entries keep it."""

    ip: str | None = None
    request_id: str | None = None


AT_A_SHELL = Origin()
