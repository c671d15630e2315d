from backend.errors import Conflict, NotAllowed, NotFound


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


class PrerequisiteCycle(Conflict):
    code = "prerequisite_cycle"

    def __init__(self, slug: str) -> None:
        super().__init__(f"{slug} itself requires this training, by one step or several.")


class CannotListYourself(NotAllowed):
    code = "cannot_list_yourself"

    def __init__(self) -> None:
        super().__init__("Another officer, or an admin, has to make you an instructor.")


class InstructorNotFound(NotFound):
    code = "instructor_not_found"

    def __init__(self) -> None:
        super().__init__("This member is not on the list of instructors.")
