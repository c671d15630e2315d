from backend.errors import BadInput


class ResetRefused(BadInput):
    code = "reset_link_refused"

    def __init__(self) -> None:
        super().__init__(
            "This link was used already, is older than half an hour, or a newer one was sent."
            " Ask for another one."
        )
