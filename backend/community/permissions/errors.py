from backend.errors import Conflict, Invalid, NotAllowed, NotFound


class PermissionNotFound(NotFound):
    code = "permission_not_found"

    def __init__(self) -> None:
        super().__init__("There is no such permission.")


class MemberHasNoAccount(Conflict):
    code = "member_has_no_account"

    def __init__(self) -> None:
        super().__init__("Nobody can sign in as this member, so there is nothing to allow them.")


class CannotGrantToYourself(NotAllowed):
    code = "cannot_grant_to_yourself"

    def __init__(self) -> None:
        super().__init__("You cannot change your own permissions; another admin can.")


class FlagNamedTwice(Invalid):
    code = "flag_named_twice"

    def __init__(self) -> None:
        super().__init__("Name each feature flag once.")
