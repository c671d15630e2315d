from backend.errors import Unavailable


class MirrorBusy(Unavailable):
    code = "mirror_busy"

    def __init__(self) -> None:
        super().__init__("The mirror of the users is being written by too many at once. Try again.")
