"""Refusals of the token endpoints; ``oauth_error`` is what RFC 6749 5.2 calls them."""

from backend.bridge.errors import AccountBanned
from backend.errors import BadInput, NotAllowed, NotSignedIn


class SessionCookieRequired(NotAllowed):
    code = "session_cookie_required"
    oauth_error = "unauthorized_client"

    def __init__(self) -> None:
        super().__init__(
            "An access token does not buy new tokens. Use the refresh token that came with it."
        )


class SessionEnded(NotSignedIn):
    code = "session_ended"
    oauth_error = "invalid_grant"

    def __init__(self) -> None:
        super().__init__("The session of this token has ended. Sign in again.")


class RefreshTokenRefused(NotSignedIn):
    code = "refresh_token_refused"
    oauth_error = "invalid_grant"

    def __init__(self) -> None:
        super().__init__("This refresh token is not good, or not any more. Sign in again.")


class RefreshTokenReplayed(NotSignedIn):
    code = "refresh_token_replayed"
    oauth_error = "invalid_grant"

    def __init__(self) -> None:
        super().__init__(
            "This refresh token was used before, so somebody else may have it too. Its session has"
            " been ended. Sign in again."
        )


class HolderDeactivated(NotAllowed):
    code = "account_deactivated"
    oauth_error = "invalid_grant"

    def __init__(self) -> None:
        super().__init__("This account has been deactivated. Ask an admin of the community.")


class HolderBanned(AccountBanned):
    oauth_error = "invalid_grant"


class HolderMustChangePassword(NotAllowed):
    code = "password_change_required"
    oauth_error = "invalid_grant"

    def __init__(self) -> None:
        super().__init__("Change your password first; until then nothing else is open to you.")


class UnknownClient(NotSignedIn):
    code = "unknown_client"
    oauth_error = "invalid_client"

    def __init__(self) -> None:
        super().__init__("There is one client here, and its id is farout.")


class TokenRequestMalformed(BadInput):
    code = "invalid_request"
    oauth_error = "invalid_request"


class GrantTypeUnsupported(BadInput):
    code = "unsupported_grant_type"
    oauth_error = "unsupported_grant_type"

    def __init__(self) -> None:
        super().__init__(
            "Tokens are issued for a signed-in session, and refreshed at /auth/token/refresh."
            " There is no other grant type."
        )


class TokenTypeUnsupported(BadInput):
    code = "unsupported_token_type"
    oauth_error = "unsupported_token_type"

    def __init__(self) -> None:
        super().__init__("Only access tokens and refresh tokens can be revoked.")
