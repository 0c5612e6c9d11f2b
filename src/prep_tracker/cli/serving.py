"""Start the service and say where it is."""

from __future__ import annotations

import socket
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import uvicorn

from prep_tracker.api import logs
from prep_tracker.api.app import create_app
from prep_tracker.api.limits import Limits
from prep_tracker.cli.database import is_demo, load_settings, open_store, prepare
from prep_tracker.cli.db import require_bound
from prep_tracker.cli.out import FAILED, RefusedError, say, say_json
from prep_tracker.clock import SystemClock, TravelClock
from prep_tracker.demo import DAYS_VALID, Demo, open_demo
from prep_tracker.worker import Worker
from prep_tracker.worker.channels import channels_of

if TYPE_CHECKING:
    from opentelemetry.trace import Tracer

    from prep_tracker.clock import Clock
    from prep_tracker.settings import Settings
    from prep_tracker.store.session import Store

SECONDS_TO_END = 10
"""How long requests may take to finish when the service is told to stop."""
DEMO_DATABASE = "sqlite:///prep-tracker-demo.db"
"""Where a demo lives when no database is named: beside the real one, never in it."""
EVERYWHERE = {"0.0.0.0", "::", ""}  # noqa: S104 - recognised, not chosen


def run(host: str | None, port: int | None, *, demo: bool, as_json: bool) -> None:
    """Serve until told to stop. The address is printed once it is taken: from then on, requests wait for the start."""
    settings, clock = load_settings(), TravelClock() if demo else SystemClock()
    if demo and "database_url" not in settings.model_fields_set:
        settings = settings.model_copy(update={"database_url": DEMO_DATABASE})
    with open_store(settings) as store:
        prepare(settings, store, now=clock.now())
        require_bound(store)
        made = store.run_write(lambda connection: open_demo(connection, now=clock.now())) if demo else None
        logs.configure(settings.log)
        with listen(settings.host if host is None else host, settings.port if port is None else port) as listening:
            url = _url(listening)
            announce(url, made, as_json=as_json)
            config = uvicorn.Config(
                create_app(
                    store,
                    clock,
                    origins=settings.origins,
                    public_url=settings.public_url,
                    metrics_port=settings.metrics_port,
                    tracer=tracer_of(settings),
                    log_requests=settings.log_requests,
                    travel=clock if isinstance(clock, TravelClock) else None,
                    audit_keys=settings.audit_keys,
                    limits=Limits(settings.requests_a_minute, settings.wrong_credentials_a_minute),
                    beside=worker_of(settings, store, clock, url, demo=demo),
                ),
                access_log=False,
                log_config=log_config(settings),
                server_header=False,
                forwarded_allow_ips=list(settings.trusted_proxies),
                timeout_graceful_shutdown=SECONDS_TO_END,
            )
            with suppress(KeyboardInterrupt):  # control-C is how it is told to stop
                uvicorn.Server(config).run(sockets=[listening])


def worker_of(settings: Settings, store: Store, clock: Clock, url: str, *, demo: bool) -> Worker | None:
    """Make what sends the messages in this process; None where others send them."""
    if settings.worker == "off":
        return None
    # In a demo whoever reads a message sits at this machine.
    public_url = settings.public_url or (url if demo else None)
    return Worker(store, clock, channels_of(settings, demo=demo or is_demo(store)), public_url=public_url)


def tracer_of(settings: Settings) -> Tracer | None:
    """Give what traces answers, if a collector is named."""
    if settings.traces is None:
        return None
    from prep_tracker.api.tracing import NotInstalledError, tracer_to

    try:
        return tracer_to(settings.traces)
    except NotInstalledError:
        msg = "PREP_TRACES needs packages that are not installed: pip install 'prep-tracker[otel]'."
        raise RefusedError(msg, code=FAILED) from None


def listen(host: str, port: int) -> socket.socket:
    """Take the port, or say in one line why not."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listening = socket.socket(family, kind, protocol)
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind(address)
            listening.listen(2048)
        except OSError:
            listening.close()
            raise
    except OSError as error:
        msg = f"Cannot listen on {host} port {port}: {error.strerror}. Choose another with --host and --port."
        raise RefusedError(msg, code=FAILED) from None
    return listening


def announce(url: str, demo: Demo | None, *, as_json: bool) -> None:
    """Say where the service is, and in a demo with which keys to try it."""
    if as_json:
        say_json({"url": url} | ({"clinic_id": demo.clinic.id, "keys": dict(demo.keys)} if demo else {}))
    else:
        say(f"prep-tracker is at {url}")
        for line in _tour(url, demo) if demo else ():
            say(line)
    sys.stdout.flush()


def _tour(url: str, demo: Demo) -> list[str]:
    begin = "Made" if demo.is_new else "Found"
    return [
        "",
        f"{begin} {demo.clinic.name} and {demo.other.name}: everything in them is invented.",
        f"Keys of the first, good for {DAYS_VALID} days:",
        *(f"  {role:<11}  {token}" for role, token in demo.keys.items()),
        f"A coordinator of the second:\n  {'birch':<11}  {demo.other_key}",
        "",
        "Try:",
        f"  curl -H 'Authorization: Bearer {demo.keys['coordinator']}' '{url}/v1/worklist?within_days=30'",
        f"  {url}/demo/    a portal with its patients, where days can pass",
        f"  {url}/staff/   what the clinic sees; sign in with a key",
        f"  {url}/docs",
    ]


def log_config(settings: Settings) -> dict[str, Any]:
    """Write the server's own log to standard error: lines for people, or one JSON object each."""
    import structlog

    chain: list[Any] = [structlog.stdlib.add_log_level, structlog.processors.TimeStamper(fmt="iso", utc=True)]
    renderers: dict[str, Any] = {
        "console": structlog.dev.ConsoleRenderer(colors=False),
        "json": structlog.processors.JSONRenderer(),
    }
    plain = [structlog.stdlib.ProcessorFormatter.remove_processors_meta, logs.without_words]
    last = [*plain, renderers[settings.log]]
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {"()": structlog.stdlib.ProcessorFormatter, "foreign_pre_chain": chain, "processors": last}
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "stream": "ext://sys.stderr", "formatter": "line"}},
        "loggers": {"uvicorn": {"handlers": ["stderr"], "level": "WARNING", "propagate": False}},
    }


def _url(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    host = "localhost" if host in EVERYWHERE else f"[{host}]" if ":" in host else host
    return f"http://{host}:{port}"
