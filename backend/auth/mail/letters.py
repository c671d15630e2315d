"""What mails say: one text template each, from which the HTML is made too.

A template's first line is the subject. Paragraphs follow, with empty lines between; a paragraph
``[words] address`` is a link, in HTML a button.
"""

import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from jinja2 import Environment, FileSystemLoader, StrictUndefined

Kind = Literal[
    "address_in_use",
    "already_registered",
    "confirm_email",
    "deletion_cancelled",
    "deletion_requested",
    "discord_linked",
    "discord_unlinked",
    "email_changed",
    "no_password",
    "password_reset",
    "password_was_reset",
    "password_was_set",
    "test",
    "verify_email",
]

_TEMPLATES = Path(__file__).parent / "templates"
_LINK = re.compile(r"\[(?P<words>[^\]]+)\] (?P<address>https?://\S+)")
_text = Environment(
    loader=FileSystemLoader(_TEMPLATES),
    autoescape=False,  # noqa: S701 - plain text; the HTML comes from the other one
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_html = Environment(
    loader=FileSystemLoader(_TEMPLATES),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


@dataclass(frozen=True)
class Letter:
    """A mail without its envelope."""

    subject: str
    text: str
    html: str

    def to_json(self) -> bytes:
        return json.dumps(asdict(self)).encode()

    @classmethod
    def from_json(cls, content: bytes) -> "Letter":
        return cls(**json.loads(content))


def write_letter(kind: Kind, **values: str | int) -> Letter:
    """Fill in a template, as plain text and as HTML."""
    filled = _text.get_template(f"{kind}.txt").render(**values)
    subject, *paragraphs = re.split(r"\n\s*\n", filled.strip())
    parts = [(part, _LINK.fullmatch(part)) for part in paragraphs]
    text = "\n\n".join(f"{link[1]}:\n{link[2]}" if link else part for part, link in parts)
    html = _html.get_template("layout.html").render(
        subject=subject,
        parts=[link.groupdict() if link else {"text": part} for part, link in parts],
    )
    return Letter(subject, f"{text}\n", html)
