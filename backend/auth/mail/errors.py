from backend.errors import Conflict, TooMany


class MailNotConfigured(Conflict):
    code = "mail_not_configured"

    def __init__(self) -> None:
        super().__init__("This site cannot send e-mail, which is needed here. Ask an admin.")


class TooManyMails(TooMany):
    code = "too_many_mails"

    def __init__(self, retry_after: int) -> None:
        super().__init__(
            "This address was sent several mails already. Wait a while, or look into its mailbox.",
            retry_after=retry_after,
        )
