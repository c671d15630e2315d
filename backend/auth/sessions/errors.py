from backend.errors import NotFound


class SessionNotFound(NotFound):
    code = "session_not_found"

    def __init__(self) -> None:
        super().__init__("There is no such session, or it has ended.")
