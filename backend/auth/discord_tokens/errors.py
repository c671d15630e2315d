from backend.errors import Conflict, Unavailable


class DiscordNotConnected(Conflict):
    code = "discord_not_connected"

    def __init__(self) -> None:
        super().__init__("This account has not signed in with Discord, or took it back.")


class DiscordPaused(Unavailable):
    code = "discord_paused"

    def __init__(self, retry_after: int) -> None:
        super().__init__(
            "Discord asked this site to wait, or did not answer. Try again later.",
            retry_after=retry_after,
        )


class DiscordTokenUnreadable(Conflict):
    code = "discord_token_unreadable"

    def __init__(self) -> None:
        super().__init__(
            "What this site keeps for your Discord account cannot be read. Sign in with Discord"
            " again; its operator has to check ENCRYPTION_KEYS."
        )
