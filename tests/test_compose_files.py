"""What can be said of the compose files, the image and .env.example without running them."""

import re
from pathlib import Path

import pytest
from pydantic_settings import BaseSettings

from backend.auth.settings import AuthSettings
from backend.bridge.settings import BridgeSettings
from backend.community.settings import CommunitySettings
from backend.schema.settings import MigrationSettings
from backend.sync.settings import WatchSettings

ROOT = Path(__file__).parents[1]
COMPOSE = (ROOT / "docker-compose.yml").read_text()
SPLIT = (ROOT / "docker-compose.split.yml").read_text()
EXAMPLE = (ROOT / ".env.example").read_text()
DOCKERFILE = (ROOT / "Dockerfile").read_text()
IGNORED = (ROOT / ".dockerignore").read_text().splitlines()

REQUIRED = {
    "DISCORD_CLIENT_ID",
    "DISCORD_CLIENT_SECRET",
    "ENCRYPTION_KEYS",
    "FAROUT_APP_PASSWORD",
    "FAROUT_AUTH_SERVICE_PASSWORD",
    "FAROUT_SYNC_PASSWORD",
    "POSTGRES_PASSWORD",
    "PUBLIC_URL",
}


def service(name: str, compose: str = COMPOSE) -> str:
    """Return one service of a compose file as text."""
    found = re.search(rf"^  {name}:\n((?:    .*\n|\n)+)", compose, re.MULTILINE)
    assert found, f"no service {name}"
    return found[1]


def test_env_example_lists_every_name_that_compose_reads() -> None:
    read = set(re.findall(r"(?<!\$)\$\{(\w+)", COMPOSE + SPLIT)) | set(
        re.findall(r"^ +([A-Z_]+):$", COMPOSE + SPLIT, re.MULTILINE)
    )
    listed = set(re.findall(r"^(?:# )?([A-Z_]+)=", EXAMPLE, re.MULTILINE))
    assert read <= listed


@pytest.mark.parametrize(
    "kind", [AuthSettings, CommunitySettings, BridgeSettings, MigrationSettings, WatchSettings]
)
def test_compose_passes_every_setting_on(kind: type[BaseSettings]) -> None:
    """A name that .env sets and no container is given would be ignored without a word."""
    passed = set(re.findall(r"^ +([A-Z_]+):", COMPOSE + SPLIT, re.MULTILINE))
    assert {name.upper() for name in kind.model_fields} <= passed


@pytest.mark.parametrize(
    ("name", "may_not_know"),
    [
        ("auth", "FAROUT_APP_|FAROUT_SYNC_|[^_]DATABASE_URL: postgresql://farout_app"),
        ("community", "AUTH_DATABASE|FAROUT_AUTH_SERVICE|ENCRYPTION|DISCORD_CLIENT|JWT_"),
    ],
)
def test_each_of_the_two_services_knows_its_own_secrets_alone(name: str, may_not_know: str) -> None:
    bridge = SPLIT[SPLIT.index("x-bridge:") : SPLIT.index("\nservices:")]
    assert not re.search(may_not_know, service(name, SPLIT) + bridge)


@pytest.mark.parametrize(
    ("name", "kinds"),
    [("auth", (AuthSettings, BridgeSettings)), ("community", (CommunitySettings, BridgeSettings))],
)
def test_each_of_the_two_services_is_given_all_its_settings(
    name: str, kinds: tuple[type[BaseSettings], ...]
) -> None:
    bridge = SPLIT[SPLIT.index("x-bridge:") : SPLIT.index("\nservices:")]
    passed = set(re.findall(r"^ +([A-Z_]+):", service(name, SPLIT) + bridge, re.MULTILINE))
    # Where the other service is, each is told of the one alone that it calls; the first admin is made
    # by `migrate`, and the community shows nothing of Discord's but pictures.
    elsewhere = {"AUTH_SERVICE_URL", "COMMUNITY_SERVICE_URL"} | {
        one.upper() for one in AuthSettings.model_fields if one.startswith("admin_")
    }
    wanted = {field.upper() for kind in kinds for field in kind.model_fields}
    assert wanted - elsewhere <= passed


def test_the_joining_secrets_have_no_default() -> None:
    stops = dict(re.findall(r"\$\{(\w+):\?(\w+) is missing", SPLIT))
    assert {"AUTH_SERVICE_API_KEY", "WEBHOOK_SECRETS"} <= set(stops)


def test_what_is_required_has_no_default_and_stops_compose() -> None:
    stops = {
        name
        for name, named in re.findall(r"\$\{(\w+):\?(\w+) is missing", COMPOSE)
        if name == named
    }
    assert stops == REQUIRED
    assert set(re.findall(r"^([A-Z_]+)=$", EXAMPLE, re.MULTILINE)) == REQUIRED
    assert not set(re.findall(r"\$\{(\w+):?-", COMPOSE)) & REQUIRED


def test_env_example_holds_no_secret() -> None:
    values = dict(re.findall(r"^(?:# )?([A-Z_]+)=(.*)$", EXAMPLE, re.MULTILINE))
    secret = re.compile("PASSWORD|SECRET|KEYS|DATABASE_URL")
    assert {name for name, value in values.items() if value and secret.search(name)} == set()


def test_only_migrations_know_the_owner() -> None:
    assert not re.search("POSTGRES_|MIGRATION_|ADMIN_", service("api"))
    before_services = COMPOSE.partition("\nservices:\n")[0]
    assert not re.search("POSTGRES_|MIGRATION_|ADMIN_", before_services)
    assert "MIGRATION_DATABASE_URL" in service("migrate")


def test_only_the_api_is_published_and_only_on_this_machine() -> None:
    assert "ports:" not in service("db") + service("migrate")
    assert re.search(r'ports: \["127\.0\.0\.1:', service("api"))


def test_the_image_leaves_out_development() -> None:
    lines = [line for line in IGNORED if line and not line.startswith("#")]
    let_in = {line for line in lines if line.startswith("!")}
    assert lines[0] == "*"
    assert let_in == {
        "!alembic.ini", "!pyproject.toml", "!README.md", "!requirements/production.txt",
        "!migrations", "!backend",
    }  # fmt: skip
    assert lines.index("backend/devtools") > lines.index("!backend")


def test_the_image_is_locked_and_not_run_by_root() -> None:
    assert "--require-hashes --no-deps" in DOCKERFILE
    assert re.search(r"^USER [1-9]\d*:[1-9]\d*$", DOCKERFILE, re.MULTILINE)
