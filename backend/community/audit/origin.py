from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request came from, as audit entries keep it; ``api_key`` is the key that it carried."""

    ip: str | None = None
    request_id: str | None = None
    api_key: str | None = None


AT_A_SHELL = Origin()
