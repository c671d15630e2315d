from backend.errors import BadInput, Invalid


class IdempotencyKeyInvalid(BadInput):
    code = "idempotency_key_invalid"

    def __init__(self) -> None:
        super().__init__("An Idempotency-Key has 1 to 200 visible ASCII characters.")


class IdempotencyKeyReused(Invalid):
    code = "idempotency_key_reused"

    def __init__(self) -> None:
        super().__init__("This Idempotency-Key was used with another request before.")
