from backend.errors import Conflict, NotFound


class TrainingNotFound(NotFound):
    code = "training_not_found"

    def __init__(self) -> None:
        super().__init__("There is no such training.")


class TrainingSlugTaken(Conflict):
    code = "training_slug_taken"

    def __init__(self, slug: str) -> None:
        super().__init__(f"There is a training {slug} already.")


class TrainingArchived(Conflict):
    code = "training_archived"

    def __init__(self) -> None:
        super().__init__("This training is archived; restore it first.")
