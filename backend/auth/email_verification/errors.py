from backend.errors import BadInput, Conflict


class VerificationRefused(BadInput):
    code = "verification_link_refused"

    def __init__(self) -> None:
        super().__init__(
            "This link was used already, is more than a day old, or a newer one was sent."
            " Sign in to have another one sent."
        )


class EmailAlreadyVerified(Conflict):
    code = "email_already_verified"

    def __init__(self) -> None:
        super().__init__("Your e-mail address is confirmed already.")


class VerificationJustSent(Conflict):
    code = "verification_just_sent"

    def __init__(self) -> None:
        super().__init__("A mail was sent less than a minute ago. Look for it, then try again.")


class EmailTaken(Conflict):
    code = "email_taken"

    def __init__(self) -> None:
        super().__init__("Another account has this e-mail address by now.")


class EmailRefused(BadInput):
    code = "email_refused"

    def __init__(self) -> None:
        super().__init__("This is not an e-mail address that mail can be sent to.")
