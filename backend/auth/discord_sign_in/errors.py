from backend.errors import BadInput, Conflict, NotAllowed, Unavailable


class StateRefused(BadInput):
    code = "oauth_state_refused"

    def __init__(self) -> None:
        super().__init__(
            "This sign-in is not under way in this browser: it was finished already, took longer"
            " than ten minutes, or began somewhere else. Start again."
        )


class CallbackMalformed(BadInput):
    code = "oauth_callback_malformed"

    def __init__(self) -> None:
        super().__init__("Discord's answer came back incomplete. Start the sign-in again.")


class IssuerRefused(BadInput):
    code = "oauth_issuer_refused"

    def __init__(self) -> None:
        super().__init__("The answer did not come from Discord. Start the sign-in again.")


class SignInCancelled(NotAllowed):
    code = "sign_in_cancelled"

    def __init__(self) -> None:
        super().__init__("You cancelled at Discord, so nothing was changed.")


class SignInRefusedByDiscord(BadInput):
    code = "sign_in_refused"

    def __init__(self) -> None:
        super().__init__("Discord did not go through with this sign-in. Start it again.")


class AccountDeactivated(NotAllowed):
    code = "account_deactivated"

    def __init__(self) -> None:
        super().__init__("This account has been deactivated. Ask an admin of the community.")


class SignInBusy(Unavailable):
    code = "sign_in_busy"

    def __init__(self) -> None:
        super().__init__("Too much is happening at once. Try again in a few seconds.")


class LinkRefused(NotAllowed):
    code = "discord_link_refused"

    def __init__(self) -> None:
        super().__init__(
            "A Discord account is linked from your account page, in the session that began it."
            " Start again there."
        )


class DiscordTaken(Conflict):
    code = "discord_taken"

    def __init__(self) -> None:
        super().__init__("This Discord account belongs to somebody else here. Nothing was changed.")


class DiscordAlreadyLinked(Conflict):
    code = "discord_already_linked"

    def __init__(self) -> None:
        super().__init__("Your account has a Discord account already; unlink that one first.")


class DiscordNotLinked(Conflict):
    code = "discord_not_linked"

    def __init__(self) -> None:
        super().__init__("No Discord account is linked.")


class LastWayIn(Conflict):
    code = "last_way_in"

    def __init__(self) -> None:
        super().__init__("Discord is your only way to sign in, so it stays linked.")
