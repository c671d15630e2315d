"""What imports cannot show."""

import re
from pathlib import Path

from pydantic_settings import BaseSettings

from backend.auth.settings import AuthSettings
from backend.bridge.settings import BridgeSettings
from backend.community.settings import CommunitySettings
from backend.schema.settings import MigrationSettings
from backend.sync.settings import WatchSettings

ROOT = Path(__file__).parents[1]
SOURCES = [path for path in (ROOT / "backend").rglob("*.py") if "devtools" not in path.parts]
# Read by docker-compose.yml, the init script and the port option, not by a settings class.
OF_THE_DEPLOYMENT = {
    "PORT", "POSTGRES_USER", "POSTGRES_PASSWORD", "POSTGRES_DB", "FAROUT_AUTH_SERVICE_PASSWORD",
    "FAROUT_APP_PASSWORD", "FAROUT_SYNC_PASSWORD", "AUTH_PORT", "NATS_TOKEN",
}  # fmt: skip
# What reads its errors, its connections and its notices.
KNOW_THE_DRIVER = {
    "database.py", "driver_errors.py", "connections.py", "listener.py", "statements.py", "histories.py",
}  # fmt: skip


def _code(path: Path) -> str:
    """Return a module without its docstrings and comments."""
    text = re.sub(r'"""(?:.|\n)*?"""', "", path.read_text(encoding="utf-8"))
    return re.sub(r"#.*", "", text)


def test_only_the_database_module_commits() -> None:
    guilty = [
        str(path.relative_to(ROOT))
        for path in SOURCES
        if re.search(r"\.(commit|rollback)\(", _code(path))
        and path.name != "database.py"
        # Reads the catalog beside the real tables, in a transaction that must never end well.
        and path.parent.name != "schema"
    ]
    assert guilty == []


def test_only_the_database_module_knows_the_driver_at_run_time() -> None:
    guilty = [
        str(path.relative_to(ROOT))
        for path in SOURCES
        if re.search(r"asyncpg\.(?!Record\b)\w+", _code(path))
        # The migrations tell an operator what the server's refusal means.
        and path.name not in KNOW_THE_DRIVER
    ]
    assert guilty == []


def test_sql_is_never_put_together_from_values() -> None:
    guilty = [
        str(path.relative_to(ROOT))
        for path in SOURCES
        if re.search(r"text\(\s*f[\"']", _code(path))
    ]
    # Put together from constants: a schema name of our own (SET takes no parameters), and the part
    # that two statements of the mirror share.
    assert sorted(guilty) == [
        "backend/community/mirror/actions.py",
        "backend/schema/catalog.py",
        "backend/schema/verify.py",
    ]


def test_env_example_names_exactly_the_settings_that_exist() -> None:
    kinds: tuple[type[BaseSettings], ...] = (
        AuthSettings, CommunitySettings, BridgeSettings, MigrationSettings, WatchSettings
    )  # fmt: skip
    existing = {name.upper() for kind in kinds for name in kind.model_fields}
    example = (ROOT / ".env.example").read_text(encoding="utf-8")

    named = set(re.findall(r"^(?:# ?)?([A-Z][A-Z0-9_]+)=", example, re.MULTILINE))

    assert named == existing | OF_THE_DEPLOYMENT


def test_every_package_has_its_marker_file() -> None:
    folders = {path.parent for path in (ROOT / "backend").rglob("*.py")}

    assert [str(folder) for folder in folders if not (folder / "__init__.py").exists()] == []


def test_no_module_grows_into_two_things() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for path in SOURCES
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > 250
    }
    assert long == {}
