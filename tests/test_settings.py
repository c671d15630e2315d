"""Settings: every problem at once, in words, without a secret; production refuses what is unsafe."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from backend.auth.settings import AuthSettings
from backend.community.settings import WebhookSettings
from backend.devtools.discord.standin import StandinSettings, create_standin
from backend.errors import SettingsProblem
from backend.settings import read_settings

ROOT = Path(__file__).parents[1]
GOOD: dict[str, Any] = {
    "_env_file": None,
    "auth_database_url": "postgresql://farout_auth_service:pw@db:5432/farout_auth",
    "discord_client_id": "1234567890",
    "discord_client_secret": "k3jX9sLq0aVb7TzR",
    "encryption_keys": "k1:b8DkOnwJlVq3ZfUQmT5x0H6cEyAo2sRrKXNdWgPp1vM=",
    "public_url": "https://farout.example.org",
    "environment": "production",
}


def test_good_settings_are_taken() -> None:
    settings = read_settings(AuthSettings, **GOOD)

    assert settings.redirect_uri == "https://farout.example.org/auth/discord/callback"


REFUSED = [
    ("public_url", "http://farout.example.org", "PUBLIC_URL must begin with https://"),
    ("public_url", "farout.example.org", "PUBLIC_URL must be an address"),
    ("public_url", "https://farout.example.org/app", "PUBLIC_URL must be scheme, host and port"),
    (
        "discord_api_base_url",
        "http://localhost:9/api",
        "DISCORD_API_BASE_URL must be Discord's own",
    ),
    (
        "discord_api_base_url",
        "https://discord.com.evil.test",
        "DISCORD_API_BASE_URL must be Discord",
    ),
    ("discord_authorize_url", "https://evil.test/oauth2", "DISCORD_AUTHORIZE_URL must be Discord"),
    ("discord_client_id", "abc", "DISCORD_CLIENT_ID must be the application's id"),
    ("discord_client_secret", "changeme-changeme", "DISCORD_CLIENT_SECRET is a placeholder"),
    ("discord_redirect_uri", "https://evil.test/cb", "DISCORD_REDIRECT_URI must begin with PUBLIC"),
    ("encryption_keys", "k1:short", "ENCRYPTION_KEYS must be id:base64 of 32 random bytes"),
    ("encryption_keys", "k1:" + "A" * 43 + "=", "ENCRYPTION_KEYS must be id:base64 of 32 random"),
    (
        "encryption_keys",
        "k1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
        "ENCRYPTION_KEYS has a key that is no random one",
    ),
    (
        "encryption_keys",
        # "a passphrase of 32 characters ..."
        "k1:YSBwYXNzcGhyYXNlIG9mIDMyIGNoYXJhY3RlcnMgLi4=",
        "ENCRYPTION_KEYS has a key that is no random one",
    ),
    (
        "encryption_keys",
        "k1:b8DkOnwJlVq3ZfUQmT5x0H6cEyAo2sRrKXNdWgPp1vM=,"
        "k2:b8DkOnwJlVq3ZfUQmT5x0H6cEyAo2sRrKXNdWgPp1vM=",
        "ENCRYPTION_KEYS has the same key under two ids",
    ),
    (
        "jwt_secret",
        "09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7",
        "JWT_SECRET is a well-known one",
    ),
    ("jwt_secret", "a-string-secret-at-least-256-bits-long", "JWT_SECRET is a well-known one"),
    ("jwt_secret", "qwertyuiopasdfghjklzxcvbnm123456", "JWT_SECRET is a well-known one"),
    ("jwt_secret", "0123456789abcdef" * 4, "JWT_SECRET must be 32 or more random"),
    ("jwt_secret", "correcthorsebatterystaple" * 2, "JWT_SECRET must be 32 or more random"),
    ("jwt_secret", "".join(map(chr, range(48, 90))), "JWT_SECRET must be 32 or more random"),
    ("jwt_secret", "short", "JWT_SECRET must be 32 or more random characters"),
    ("jwt_secret", "your-256-bit-secret-your-256-bit-secret", "JWT_SECRET must be 32 or more"),
    ("jwt_expiration_days", "0", "JWT_EXPIRATION_DAYS must be from 1 to 90"),
    ("jwt_algorithm", "none", "JWT_ALGORITHM input should be 'ES256' or 'HS256'"),
    ("jwt_algorithm", "HS256", "JWT_SECRET is not set, and JWT_ALGORITHM HS256 needs it"),
    ("admin_password", "Admin123!", "ADMIN_PASSWORD is the well-known one"),
    ("trusted_proxies", "everybody", "TRUSTED_PROXIES must be addresses or networks"),
    ("auth_database_url", "mysql://x", "AUTH_DATABASE_URL must look like postgresql://"),
    ("smtp_url", "mail.example.org", "SMTP_URL must look like smtp://"),
    ("smtp_url", "smtp://mail.example.org", "MAIL_FROM is not set, and SMTP_URL needs it"),
    ("mail_from", "Farout", "MAIL_FROM must be"),
    ("environment", "prod", "ENVIRONMENT input should be"),
]


@pytest.mark.parametrize(("name", "value", "complaint"), REFUSED)
def test_a_bad_value_is_named_with_what_to_do(name: str, value: str, complaint: str) -> None:
    with pytest.raises(SettingsProblem) as caught:
        read_settings(AuthSettings, **GOOD | {name: value})

    [line] = caught.value.problems
    assert complaint in line
    assert "k3jX9sLq0aVb7TzR" not in line


def test_all_problems_come_at_once_with_status_78_before_anything_is_opened(
    tmp_path: Path,
) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "backend", "serve"],
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "JWT_SECRET": "short"},
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert run.returncode == 78
    assert {line.split()[0] for line in run.stderr.splitlines()} == {
        "AUTH_DATABASE_URL", "DISCORD_CLIENT_ID", "DISCORD_CLIENT_SECRET", "JWT_SECRET",
        "ENCRYPTION_KEYS", "DATABASE_URL", "SYNC_DATABASE_URL",
    }  # fmt: skip
    assert "Traceback" not in run.stderr


def test_settings_show_no_secret_when_printed() -> None:
    settings = read_settings(AuthSettings, **GOOD)

    assert "k3jX9sLq0aVb7TzR" not in repr(settings)
    assert "b8DkOnwJ" not in str(settings)


def test_the_stand_in_refuses_production_and_real_applications() -> None:
    safe = {
        "client_secret": "x",
        "redirect_uris": ("http://localhost:8000/auth/discord/callback",),
        "issuer": "https://discord.com",
    }
    for chosen in (
        {"client_id": "100000000000000001", "environment": "production"},
        {"client_id": "839204857203948572"},
    ):
        with pytest.raises(ValueError, match="stand-in"):
            create_standin(StandinSettings(**(safe | chosen)))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        ("community_keys", "w1:short", "COMMUNITY_KEYS must be id:base64 of 32 random bytes"),
        (
            "community_keys",
            "w1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
            "COMMUNITY_KEYS has a key that is no random one",
        ),
        ("webhook_allowed_networks", "10.0.0.0/33", "WEBHOOK_ALLOWED_NETWORKS must be addresses"),
        ("webhook_allow_http", "true", "WEBHOOK_ALLOW_HTTP must be false when ENVIRONMENT is"),
        ("webhook_log_days", "3", "WEBHOOK_LOG_DAYS"),
        ("trusted_proxies", "x", "TRUSTED_PROXIES must be addresses or networks"),
    ],
)
def test_a_bad_setting_of_webhooks_is_named_with_what_to_do(
    name: str, value: str, complaint: str
) -> None:
    good = {"_env_file": None, "environment": "production", "public_url": "https://a.example.org"}
    assert read_settings(WebhookSettings, **good).community_ring is None

    with pytest.raises(SettingsProblem) as refused:
        read_settings(WebhookSettings, **(good | {name: value}))

    [line] = refused.value.problems
    assert line.startswith(complaint)
    assert value not in line
