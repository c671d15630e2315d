from fastapi import Request, Response, status

from backend.web.pages import render


def code_form(
    request: Request, challenge: str, next_path: str, *, message: str | None = None
) -> Response:
    """Ask for the code that completes a sign-in."""
    return render(
        request,
        "sign_in_code.html",
        status=status.HTTP_401_UNAUTHORIZED if message else status.HTTP_200_OK,
        challenge=challenge,
        next_path=next_path,
        message=message,
    )
