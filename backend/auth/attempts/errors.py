from backend.errors import TooMany


class TooManyAttempts(TooMany):
    code = "too_many_attempts"

    def __init__(self, retry_after: int) -> None:
        super().__init__(
            "Too many wrong passwords; this is held back for a while. Signing in with Discord"
            " stays open.",
            retry_after=retry_after,
        )
