from backend.errors import Conflict, NotFound


class MissionNotFound(NotFound):
    code = "mission_not_found"

    def __init__(self) -> None:
        super().__init__("There is no such mission.")


class MissionSlugTaken(Conflict):
    code = "mission_slug_taken"

    def __init__(self, slug: str) -> None:
        super().__init__(f"There is a mission {slug} already.")


class MissionArchived(Conflict):
    code = "mission_archived"

    def __init__(self) -> None:
        super().__init__("This mission is archived; restore it first.")
