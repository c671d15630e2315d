from backend.errors import BadInput, Conflict, Unavailable, Upstream


class DiscordUnreachable(Unavailable):
    code = "discord_unreachable"

    def __init__(self) -> None:
        super().__init__("Discord did not answer in time. Try again in a minute.", retry_after=30)


class DiscordRateLimited(Unavailable):
    code = "discord_rate_limited"

    def __init__(self, retry_after: int) -> None:
        super().__init__(
            "Discord is receiving too many sign-ins at the moment. Try again in a little while.",
            retry_after=retry_after,
        )


class DiscordAnswerUnusable(Upstream):
    code = "discord_answer_unusable"

    def __init__(self) -> None:
        super().__init__("Discord gave an answer that makes no sense. Try again in a minute.")


class DiscordClientRefused(Upstream):
    code = "discord_client_refused"

    def __init__(self) -> None:
        super().__init__(
            "Discord does not accept this site's application. Its operator has to check"
            " DISCORD_CLIENT_ID and DISCORD_CLIENT_SECRET."
        )


class DiscordCodeRefused(BadInput):
    code = "discord_code_refused"

    def __init__(self) -> None:
        super().__init__(
            "Discord did not accept this sign-in; it was used already or took too long."
        )


class DiscordAuthorizationLost(Conflict):
    code = "discord_authorization_lost"

    def __init__(self) -> None:
        super().__init__(
            "Discord no longer lets this site act for this account. Sign in with Discord again."
        )


class DiscordPermissionMissing(BadInput):
    code = "discord_permission_missing"

    def __init__(self) -> None:
        super().__init__("Discord did not let this site see who you are. Start the sign-in again.")


class DiscordProfileUnusable(BadInput):
    code = "discord_profile_unusable"

    def __init__(self) -> None:
        super().__init__("Discord sent a profile without a valid account id.")
