from backend.errors import TooMany


class TooManyRequests(TooMany):
    code = "too_many_requests"

    def __init__(self, retry_after: int) -> None:
        super().__init__(
            "Too many requests from your network. Wait a moment.", retry_after=retry_after
        )
