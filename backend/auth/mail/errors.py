from backend.errors import Conflict


class MailNotConfigured(Conflict):
    code = "mail_not_configured"

    def __init__(self) -> None:
        super().__init__("This site cannot send e-mail, which is needed here. Ask an admin.")
