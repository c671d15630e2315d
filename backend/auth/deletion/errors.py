from backend.errors import BadInput, Conflict


class ConfirmationWrong(BadInput):
    code = "confirmation_wrong"

    def __init__(self) -> None:
        super().__init__("Write your user name, exactly as it is, to confirm that you mean it.")


class DeletionAsked(Conflict):
    code = "deletion_pending_already"

    def __init__(self) -> None:
        super().__init__("This account is going to be deleted already.")


class DeletionNotAsked(Conflict):
    code = "deletion_not_pending"

    def __init__(self) -> None:
        super().__init__("This account is not going to be deleted.")
