"""Long answers end when the server is told to stop; otherwise it would wait for them in vain."""

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = (signal.SIGTERM, signal.SIGINT)


@contextmanager
def told_of_shutdown(tell: Callable[[], None]) -> Iterator[None]:
    """Call ``tell`` in the event loop before the server's own handling of the signal.

    An ASGI server says nothing to an answer under way, and the lifespan ends only after all of them.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    before = {number: signal.getsignal(number) for number in _SIGNALS}

    def handle(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(tell)
        previous = before[signal.Signals(number)]
        if callable(previous):
            previous(number, frame)
        elif previous is signal.SIG_DFL:
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)

    for number in _SIGNALS:
        signal.signal(number, handle)
    try:
        yield
    finally:
        for number in _SIGNALS:
            if signal.getsignal(number) is handle:
                signal.signal(number, before[number])
