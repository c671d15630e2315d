"""The way back to the application (docs: Discord facts 1.3)."""

from urllib.parse import urlencode

from backend.devtools.discord.state import StandinState

WRONG_ISSUER = "https://not-discord.example"


class RedirectError(Exception):
    """The application is told that it cannot have what it asked for."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.url = url


def callback_url(
    state: StandinState, redirect_uri: str, fields: dict[str, str], asked_state: str | None
) -> str:
    """Add the outcome to the redirect URI, the state exactly as it came, and the issuer."""
    pairs = list(fields.items())
    if asked_state is not None:
        pairs.append(("state", asked_state))
    pairs += [("iss", issuer) for issuer in issuers(state)]
    separator = "&" if "?" in redirect_uri else "?"
    return f"{redirect_uri}{separator}{urlencode(pairs)}"


def issuers(state: StandinState) -> list[str]:
    """Return the issuers to send: one, unless a fault is switched on."""
    issuer = state.settings.issuer
    match state.faults.iss:
        case "on":
            return [issuer]
        case "off":
            return []
        case "wrong":
            return [WRONG_ISSUER]
        case "duplicate":
            return [issuer, issuer]
