from datetime import datetime

from backend.errors import Conflict


class KeyIsComing(Conflict):
    code = "signing_key_is_coming"

    def __init__(self, signs_from: datetime) -> None:
        super().__init__(
            f"A new signing key is published already and signs from {signs_from:%H:%M:%S} UTC."
        )


class KeysInSettings(Conflict):
    code = "signing_keys_in_settings"

    def __init__(self) -> None:
        super().__init__(
            "With JWT_ALGORITHM HS256 the key is JWT_SECRET: change it there and restart. Tokens"
            " that the old one signed end with it."
        )
