from backend.errors import Conflict, Invalid, NotFound


class PostNotFound(NotFound):
    code = "post_not_found"

    def __init__(self) -> None:
        super().__init__("There is no such post.")


class PostIsPublished(Conflict):
    code = "post_is_published"

    def __init__(self) -> None:
        super().__init__("This post was published; archive it instead.")


class PublishTimeMissing(Invalid):
    code = "publish_time_missing"

    def __init__(self) -> None:
        super().__init__("Say when the post is to be published.")
