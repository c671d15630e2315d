from backend.errors import BadInput, Conflict


class EmailUnchanged(Conflict):
    code = "email_unchanged"

    def __init__(self) -> None:
        super().__init__("This is your e-mail address already.")


class EmailLinkRefused(BadInput):
    code = "email_link_refused"

    def __init__(self) -> None:
        super().__init__(
            "This link was used already, is too old, or something newer has taken its place."
        )
