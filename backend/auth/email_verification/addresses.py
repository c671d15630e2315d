from backend.auth.email_address import normal_email
from backend.auth.email_verification.errors import EmailRefused


def check_email(value: str) -> str:
    """Return an address in its normal form; raises EmailRefused."""
    try:
        return normal_email(value)
    except ValueError:
        raise EmailRefused from None
