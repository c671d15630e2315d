from pathlib import Path

from backend.errors import Conflict, Invalid, Unavailable


class ImportRunning(Conflict):
    code = "import_running"

    def __init__(self) -> None:
        super().__init__("Another import is running; wait until it has ended.")


class FileUnreadable(Invalid):
    """The file as a whole cannot be imported; nothing of it was looked at row by row."""

    code = "file_unreadable"


class FileUnwritable(Invalid):
    code = "file_unwritable"

    def __init__(self, path: Path, error: OSError) -> None:
        super().__init__(f"{path} cannot be written: {error.strerror or error}.")


class FileCutOff(Invalid):
    code = "file_cut_off"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"{name} breaks off before its last line: it was not downloaded or written to the end."
        )


class IdsRounded(Invalid):
    code = "ids_rounded"

    def __init__(self, name: str, example: str) -> None:
        super().__init__(
            f"The Discord ids in {name} end in zeros, such as {example}: a spreadsheet has rounded"
            " them. Import the column as text, from where the ids are still whole."
        )


class ExportsBusy(Unavailable):
    code = "exports_busy"

    def __init__(self) -> None:
        super().__init__(
            "As many exports as this server makes at a time are being downloaded. Try again in a minute.",
            retry_after=60,
        )
