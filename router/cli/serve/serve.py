"""Defines `tiergate serve`: turns its options into a running server."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Annotated

import typer

from router.cli.exits import Exit
from router.cli.options import DeviceOption, folder_to_write, from_registry
from router.types import Device

Policies = Annotated[
    list[str] | None,
    typer.Option(
        "--policy",
        "-p",
        envvar="TIERGATE_POLICY",
        show_default="default",
        help="Name of a shipped policy, or a file. Repeat to serve several; the first is `auto`.",
    ),
]
DatabasePath = Annotated[
    str,
    typer.Option(
        "--database",
        "-d",
        envvar="TIERGATE_DATABASE",
        help="The ledger: an SQLite file, or postgresql://user:password@host/database.",
    ),
]
AnchorsPath = Annotated[
    Path | None,
    typer.Option(
        envvar="TIERGATE_ANCHORS",
        show_default="<database>.anchors",
        help="Where the chain's anchors are written as well; best on another volume.",
    ),
]
RedisAddress = Annotated[
    str,
    typer.Option(
        envvar="TIERGATE_REDIS",
        show_default="a file next to the ledger",
        help="Where several machines share rates: redis://host:6379/0 (the extra `scale`).",
    ),
]
RatesPath = Annotated[
    Path | None,
    typer.Option(
        "--rates",
        envvar="TIERGATE_RATES",
        show_default="<database>.rates",
        help="Without --redis: the file in which the workers of this machine count rates.",
    ),
]
ModelDir = Annotated[
    Path | None,
    typer.Option(
        envvar="TIERGATE_MODEL_DIR",
        show_default="the shipped one",
        callback=from_registry,
        help="Folder of the triage model, or `registry:NAME@SELECTOR` of an encoder.",
    ),
]
DATABASE = ".tiergate/ledger.db"
DOCUMENTS = ".tiergate/documents.db"
STATE_DIR = Path(".tiergate")
STANDARD_OUTPUT = 1
DocumentsPath = Annotated[
    str,
    typer.Option(
        "--documents",
        envvar="TIERGATE_DOCUMENTS",
        help="The store of documents: an SQLite file, or postgresql://... for several machines.",
    ),
]


def serve(
    policy: Policies = None,
    host: Annotated[
        str,
        typer.Option(envvar="TIERGATE_HOST", help="Address to listen on; loopback needs no key."),
    ] = "127.0.0.1",
    port: Annotated[
        int,
        typer.Option(envvar="TIERGATE_PORT", min=0, max=65535, help="Port; 0 takes a free one."),
    ] = 8080,
    database: DatabasePath = DATABASE,
    anchors: AnchorsPath = None,
    documents: DocumentsPath = DOCUMENTS,
    workers: Annotated[
        int,
        typer.Option(
            envvar="TIERGATE_WORKERS", min=1, max=64, help="Processes that share the port."
        ),
    ] = 1,
    synchronous: Annotated[
        str,
        typer.Option(
            envvar="TIERGATE_SYNCHRONOUS",
            help="normal survives a killed process, full a power cut too.",
        ),
    ] = "normal",
    redis: RedisAddress = "",
    rates: RatesPath = None,
    max_waiting: Annotated[
        int | None,
        typer.Option(
            envvar="TIERGATE_MAX_WAITING",
            min=0,
            show_default="as many as can be answered in time",
            help="Requests of a tenant that may wait for each remote answerer, per worker, and "
            "twice as many of all tenants; more get 503.",
        ),
    ] = None,
    body_memory_mb: Annotated[
        int,
        typer.Option(
            envvar="TIERGATE_BODY_MEMORY_MB",
            min=1,
            help="Megabytes of bodies above 64 kB that a worker holds at once; more get 503.",
        ),
    ] = 256,
    model_dir: ModelDir = None,
    device: DeviceOption = Device.AUTO,
    log_level: Annotated[
        str,
        typer.Option(envvar="TIERGATE_LOG_LEVEL", help="debug, info, warning or error."),
    ] = "info",
    access_log: Annotated[
        bool,
        typer.Option(
            "--access-log/--no-access-log",
            envvar="TIERGATE_ACCESS_LOG",
            help="Log a line per request.",
        ),
    ] = False,
    drain_s: Annotated[
        int,
        typer.Option(
            envvar="TIERGATE_DRAIN_S", min=0, help="How long SIGTERM lets running answers go on."
        ),
    ] = 20,
    request_s: Annotated[
        int,
        typer.Option(
            envvar="TIERGATE_REQUEST_S",
            min=1,
            help="How long a request may take to arrive, and a client not to read its answer.",
        ),
    ] = 60,
    state_dir: Annotated[
        Path,
        typer.Option(
            envvar="TIERGATE_STATE_DIR",
            help="Where `dataset`, `learn` and `alerts` write; the dashboard and /metrics show it.",
        ),
    ] = STATE_DIR,
    otlp: Annotated[
        str,
        typer.Option(
            envvar="TIERGATE_OTLP",
            metavar="URL",
            show_default="none",
            help="Export traces and metrics to this collector (the extra `otel`): "
            "http://127.0.0.1:4318.",
        ),
    ] = "",
    admin_listen: Annotated[
        str,
        typer.Option(
            envvar="TIERGATE_ADMIN_LISTEN",
            metavar="ADDRESS",
            show_default="the server's own address",
            help="HOST:PORT or a port of this machine, to which /metrics, /docs, the dashboard "
            "and the details of /readyz move.",
        ),
    ] = "",
    require_keys: Annotated[
        bool,
        typer.Option(
            "--require-keys",
            envvar="TIERGATE_REQUIRE_KEYS",
            help="Start only where the ledger has an API key, on loopback too.",
        ),
    ] = False,
) -> None:
    """Serve the gateway until SIGTERM or Ctrl-C; SIGHUP reloads the policies."""
    # SIGHUP ends a process that does not take it; no policy is read yet that it could reload.
    if hasattr(signal, "SIGHUP"):  # not on Windows
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    # Checked before the heavy imports, so that wrong usage is answered at once.
    _one_of("--synchronous", synchronous, ("normal", "full"))
    _one_of("--log-level", log_level, ("debug", "info", "warning", "error"))
    _need_writable(anchors)
    _need_collector(otlp)
    # Where the machine is busy, nothing else would show for a minute that the program lives.
    _say(f"Tiergate starts: reads the policy {', '.join(policy or ['default'])} ...")
    from router.api.compose.core import Settings
    from router.api.compose.sockets import needs_key, parsed
    from router.api.http.authentication import is_loopback
    from router.api.process.process import Options, logged_to_stderr
    from router.api.process.serve import run
    from router.triage.triage_model import DEFAULT_FOLDER

    # An operators' address that other machines reach needs a key too.
    hosts = [host, parsed(admin_listen)[0]] if admin_listen else [host]
    settings = Settings(
        policies=tuple(policy or ("default",)),
        database=database,
        anchors=anchors,
        synchronous=synchronous,
        open_without_keys=not require_keys and all(map(is_loopback, hosts)),
        redis=redis,
        rates=rates,
        max_waiting=max_waiting,
        body_memory_mb=body_memory_mb,
        device=device,
        documents=str(documents),
        otlp=otlp,
        state_dir=state_dir,
        model_dir=model_dir or DEFAULT_FOLDER,
    )
    # The look for keys may upgrade the ledger, which is logged.
    logged_to_stderr(log_level)
    for address in hosts:
        refusal = needs_key(address, database, os.environ, required=require_keys)
        if refusal:
            typer.echo(f"tiergate: {refusal}", err=True)
            raise typer.Exit(Exit.USAGE)
    options = Options(
        settings, host, port, workers, log_level, access_log, drain_s, request_s, admin_listen
    )
    run(options, os.environ, _say)


def _say(text: str) -> None:
    """Prints a line on standard output; what cannot be printed there goes to standard error."""
    from router.api.process.log_stream import LogStream

    out = LogStream(STANDARD_OUTPUT)
    out.text().write(f"{text}\n")
    # A full disk behind a line for people must not stop a server that could serve.
    if out.lost:
        LogStream().text().write(
            "tiergate: standard output cannot be written; expected a file with room left or a pipe "
            f"that somebody reads. The server goes on. The lines are:\n{text}\n"
        )


def _need_writable(anchors: Path | None) -> None:
    """Raises BadParameter for anchors that cannot be written."""
    # A file that is there needs no folder that can be written.
    if anchors is not None and not (anchors.is_file() and os.access(anchors, os.W_OK)):
        folder_to_write(anchors.parent)


def _need_collector(otlp: str) -> None:
    """Raises BadParameter for what is no address of a collector."""
    if otlp and not otlp.startswith(("http://", "https://")):
        # It may hold a password, so it is not shown.
        raise typer.BadParameter("expected http://host:4318 or https://...", param_hint="--otlp")


def _one_of(option: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise typer.BadParameter(f"{option} is {value!r}; expected {' or '.join(allowed)}")
