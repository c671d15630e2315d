from backend.errors import Unavailable


class AuthUnavailable(Unavailable):
    code = "auth_unavailable"

    def __init__(self) -> None:
        super().__init__("Who is asking cannot be checked at the moment. Try again shortly.")


class CommunityUnavailable(Unavailable):
    code = "community_unavailable"

    def __init__(self) -> None:
        super().__init__("The community service cannot be reached at the moment.")
