from backend.errors import BadInput, NotAllowed, Unavailable


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
