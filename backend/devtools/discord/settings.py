"""Who the stand-in plays Discord for, and what it refuses to be."""

from dataclasses import dataclass

STANDIN_CLIENT_ID = "100000000000000001"
STANDIN_CLIENT_SECRET = "stand-in-secret-that-opens-nothing"  # noqa: S105

APPLICATION_NAME = "Farout"


@dataclass(frozen=True)
class StandinSettings:
    """The one application that the stand-in knows, and where its pages live.

    ``base_path`` is the prefix that the stand-in is mounted under, as the browser sees it.
    """

    client_id: str
    client_secret: str
    redirect_uris: tuple[str, ...]
    issuer: str
    environment: str = "development"
    base_path: str = ""

    @property
    def prefix(self) -> str:
        return self.base_path.rstrip("/")


def refuse_unsafe(settings: StandinSettings) -> None:
    """Raise ValueError unless this can only be a development machine (docs: Discord facts 10)."""
    if settings.environment == "production":
        raise ValueError(
            "The Discord stand-in lets anybody sign in as anybody: it does not start in production."
        )
    if settings.client_id != STANDIN_CLIENT_ID:
        raise ValueError(
            f"The Discord stand-in only serves the made-up client id {STANDIN_CLIENT_ID}, "
            "never that of a real Discord application."
        )
    if not settings.redirect_uris:
        raise ValueError("The Discord stand-in needs at least one registered redirect URI.")
