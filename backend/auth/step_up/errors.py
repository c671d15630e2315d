from backend.errors import BadInput, Conflict


class ProofWrong(BadInput):
    code = "proof_wrong"

    def __init__(self) -> None:
        super().__init__("This does not prove that it is you.")


class ProofNotEnough(Conflict):
    """A password where a second factor is set up, or what the account does not have."""

    code = "proof_not_enough"

    def __init__(self) -> None:
        super().__init__("This account proves itself in another way.")
