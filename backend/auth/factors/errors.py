from collections.abc import Mapping
from typing import Any

from backend.errors import BadInput, Conflict, NotSignedIn, Unavailable


class TotpRequired(NotSignedIn):
    """The password was right; a code completes the sign-in."""

    code = "totp_required"

    def __init__(self, challenge: str) -> None:
        super().__init__("Enter the code of your authenticator app, or a recovery code.")
        self.challenge = challenge

    @property
    def facts(self) -> Mapping[str, Any]:
        return {"challenge": self.challenge}


class CodeWrong(NotSignedIn):
    code = "code_wrong"

    def __init__(self) -> None:
        super().__init__("This code is not right, or was used before.")


class ChallengeOver(NotSignedIn):
    code = "challenge_over"

    def __init__(self) -> None:
        super().__init__("This took too long or too many tries. Start the sign-in again.")


class EnrolmentCodeWrong(BadInput):
    code = "code_wrong"

    def __init__(self) -> None:
        super().__init__("This code is not right. Is the clock of your phone?")


class SecretUnreadable(Unavailable):
    """ENCRYPTION_KEYS lacks the key that the secret was encrypted with."""

    code = "factor_unreadable"

    def __init__(self) -> None:
        super().__init__("Your authenticator app cannot be checked now. Tell an admin of the site.")


class TotpEnabledAlready(Conflict):
    code = "totp_enabled"

    def __init__(self) -> None:
        super().__init__("An authenticator app is set up already; remove it first.")


class TotpNotEnabled(Conflict):
    code = "totp_not_enabled"

    def __init__(self) -> None:
        super().__init__("No authenticator app is set up.")
