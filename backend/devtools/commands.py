"""``farout dev``: everything on one machine, with a stand-in for Discord."""

import asyncio
import socket
import sys
from pathlib import Path
from typing import Annotated, cast

import typer
import uvicorn
from rich.console import Console
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.types import ASGIApp, Receive, Scope, Send

from backend import asgi
from backend.app import create_app
from backend.auth.settings import AuthSettings
from backend.auth.side import Auth
from backend.auth.users.actions import ensure_admin
from backend.bridge.settings import BridgeSettings
from backend.community.settings import CommunitySettings
from backend.community.side import Community
from backend.devtools.discord.standin import StandinSettings, create_standin
from backend.devtools.environment import STANDIN_PATH, Environment
from backend.devtools.postgres import Cluster, ClusterProblem
from backend.devtools.sample_data import add_sample_data
from backend.schema.histories import AUTH, COMMUNITY, with_urls
from backend.schema.settings import MigrationSettings
from backend.settings import read_all
from backend.sync.endpoints import install as install_watch
from backend.worker import Worker, WorkerSettings

console = Console(highlight=False, soft_wrap=True)
HOME = Path(".farout")
LOOPBACK = "127.0.0.1"


def dev(
    port: Annotated[int, typer.Option(envvar="PORT", help="Port to serve on.")] = 8000,
) -> None:
    """Start Farout with an embedded PostgreSQL and a stand-in for Discord; Ctrl-C stops it."""
    if not _is_free(port):
        console.print(f"Port {port} is in use. Choose another one: PORT={port + 1} make run")
        raise typer.Exit(1)
    environment = Environment.prepare(HOME, port)
    cluster = None
    try:
        if environment.needs_postgres:
            cluster = Cluster((HOME / "postgres"), environment.passwords)
            console.print("Starting PostgreSQL in .farout/ ...")
            cluster.start()
            environment.use_cluster(cluster)
        environment.write()
        environment.export()
        asyncio.run(_serve(environment, port))
    except ClusterProblem as problem:
        console.print(f"PostgreSQL: {problem}", markup=False)
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        pass
    finally:
        if cluster is not None:
            cluster.stop()
            console.print("Stopped; the data stays in .farout/.")


async def _serve(environment: Environment, port: int) -> None:
    auth_settings, community_settings, bridge_settings, migration_settings = read_all(
        AuthSettings, CommunitySettings, BridgeSettings, MigrationSettings
    )
    for history, url in with_urls(cast(MigrationSettings, migration_settings)):
        await history.upgrade(url)
    auth = Auth.from_settings(cast(AuthSettings, auth_settings))
    community = Community.from_settings(cast(CommunitySettings, community_settings))
    await ensure_admin(auth)
    (_, auth_url), (_, community_url) = with_urls(cast(MigrationSettings, migration_settings))
    await add_sample_data(community.database, auth_url, community_url)
    farout = create_app(
        auth,
        community,
        heads={"auth": AUTH.head, "community": COMMUNITY.head},
        bridge=cast(BridgeSettings, bridge_settings),
        delivers_mail=True,
    )
    install_watch(farout)
    served: ASGIApp = farout
    if environment.uses_standin:
        served = _beside(farout, _standin(auth.settings))
    server = uvicorn.Server(
        uvicorn.Config(
            served,
            host=LOOPBACK,
            port=port,
            log_config=None,
            **asgi.SERVER_OPTIONS,  # type: ignore[arg-type]
        )
    )
    _announce(environment, auth.settings)
    working = asyncio.create_task(Worker(WorkerSettings.read()).run())
    try:
        await server.serve()
    finally:
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)


def _standin(settings: AuthSettings) -> ASGIApp:
    standin = create_standin(
        StandinSettings(
            client_id=settings.discord_client_id,
            client_secret=settings.discord_client_secret.get_secret_value(),
            redirect_uris=(settings.redirect_uri,),
            issuer=settings.discord_issuer,
            environment=settings.environment,
            base_path=STANDIN_PATH,
        )
    )
    return Starlette(routes=[Mount(STANDIN_PATH, standin.app)])


def _beside(farout: ASGIApp, standin: ASGIApp) -> ASGIApp:
    """Serve the stand-in under its path on the same port; everything else is Farout's."""

    async def served(scope: Scope, receive: Receive, send: Send) -> None:
        is_standin = scope["type"] == "http" and scope["path"].startswith(f"{STANDIN_PATH}/")
        await (standin if is_standin else farout)(scope, receive, send)

    return served


def _announce(environment: Environment, settings: AuthSettings) -> None:
    password = settings.admin_password.get_secret_value() if settings.admin_password else ""
    mails = "go to SMTP_URL." if settings.smtp_url else "are written to .farout/mail/"
    lines = [
        "",
        f"  Farout is at {settings.public_url}",
        "",
        "  Sign in with Discord: "
        + ("the stand-in lets you be anybody." if environment.uses_standin else "the real one."),
        f"  Sign in as the admin: {settings.admin_username} / {password}"
        " (to be changed at the first sign-in)",
        f"  Mails {mails}",
        "  Settings in use: .farout/env    API: /docs    Stop: Ctrl-C",
        "",
    ]
    for line in lines:
        console.print(line, markup=False)
    sys.stdout.flush()


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True
