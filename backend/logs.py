"""Logging: one line a happening, JSON in production, with the request's id on each."""

import json
import logging
import sys
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Literal

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)

# These name every connection and header; nothing in them is for an operator.
QUIET = ("httpx2", "httpcore2", "aiohttp", "asyncio", "multipart", "alembic")

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {
    "message", "asctime", "taskName", "color_message"
}  # fmt: skip


def configure(style: Literal["json", "text"], *, level: int = logging.INFO) -> None:
    """Send everything to standard output in one format."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonLines() if style == "json" else Text())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True
    quieten()


def quieten() -> None:
    """Let libraries speak of what went wrong alone."""
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


def _extras(record: logging.LogRecord) -> dict[str, object]:
    return {key: value for key, value in vars(record).items() if key not in _STANDARD}


class JsonLines(logging.Formatter):
    """One JSON object a line. Control characters are escaped, so no value can forge a line."""

    def format(self, record: logging.LogRecord) -> str:
        entry: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **_extras(record),
        }
        if identifier := request_id.get():
            entry["request_id"] = identifier
        if record.exc_info:
            entry["traceback"] = self.formatException(record.exc_info)
        return json.dumps(entry, default=str)


class Text(logging.Formatter):
    """The same for a terminal."""

    def format(self, record: logging.LogRecord) -> str:
        time = datetime.fromtimestamp(record.created, UTC).strftime("%H:%M:%S")
        extras = " ".join(f"{key}={value!s}" for key, value in _extras(record).items())
        line = f"{time} {record.levelname.lower():7} {record.getMessage()} {extras}".rstrip()
        line = line.encode("unicode_escape", "backslashreplace").decode("ascii")
        if record.exc_info:
            line += "\n" + self.formatException(record.exc_info)
        return line
