from backend.errors import NotFound


class BoardNotFound(NotFound):
    code = "board_not_found"

    def __init__(self) -> None:
        super().__init__("There is no such leaderboard.")
