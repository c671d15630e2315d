from backend.errors import BadInput, Conflict, NotFound, NotSignedIn


class PasskeyRefused(NotSignedIn):
    code = "passkey_refused"

    def __init__(self) -> None:
        super().__init__("This passkey was not accepted. Try again, or sign in another way.")


class LastPasskey(Conflict):
    code = "last_way_in"

    def __init__(self) -> None:
        super().__init__("This passkey is your only way to sign in, so it stays.")


class PasskeyNotMade(BadInput):
    code = "passkey_not_made"

    def __init__(self) -> None:
        super().__init__("The answer of the device cannot be accepted as a passkey.")


class PasskeyKnownAlready(Conflict):
    code = "passkey_known"

    def __init__(self) -> None:
        super().__init__("This passkey is set up already.")


class TooManyPasskeys(Conflict):
    code = "too_many_passkeys"

    def __init__(self) -> None:
        super().__init__("You have twenty passkeys; remove one first.")


class PasskeyNotFound(NotFound):
    code = "passkey_not_found"

    def __init__(self) -> None:
        super().__init__("You have no such passkey.")
