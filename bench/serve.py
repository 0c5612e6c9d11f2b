"""Serve one of the apps that are measured, in a process of its own, and tell what it took of the processor.

Started by ``bench.server``. Says its port on the first line of standard output; then answers each line of standard
input with one of its own, and ends when there are no more.
"""

from __future__ import annotations

import base64
import json
import resource
import socket
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import uvicorn

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp

    Command = Callable[[str], Any]


AROUND = frozenset({"BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "PRAGMA"})
SECONDS_KEPT = 600
"""How long a connection may lie idle while others are measured."""


def main(kind: str, url: str, *, count: bool) -> None:
    """Serve ``service``, ``tutorial`` or ``bare`` on a free port of this machine."""
    commands: dict[str, Command] = {
        "cpu": lambda _: time.process_time_ns(),
        "memory": lambda _: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
    }
    if count:
        commands["statements"] = _count_statements()
    app = _app(kind, url, commands)
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            loop="uvloop",
            http="httptools",
            access_log=False,
            log_level="warning",
            lifespan="on",
            timeout_keep_alive=SECONDS_KEPT,
        )
    )
    listener = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=_obey, args=(server, listener.getsockname()[1], commands), daemon=True).start()
    server.run(sockets=[listener])


def _app(kind: str, url: str, commands: dict[str, Command]) -> ASGIApp:
    if kind == "service":
        from prep_tracker.api.app import create_app
        from prep_tracker.api.limits import Limits
        from prep_tracker.clock import SystemClock
        from prep_tracker.store.session import Store

        return create_app(Store.open(url), SystemClock(), limits=Limits(10**9))
    if kind == "tutorial":
        from bench.tutorial import create_tutorial

        return create_tutorial(url)
    from bench.bare import Bare

    bare = Bare()

    def learn(what: str) -> bool:
        status, _, body = what.partition(" ")
        bare.learn(int(status), base64.b64decode(body))
        return True

    commands["learn"] = learn
    return bare.app


def _count_statements() -> Command:
    """Count what SQLite is asked to do, transactions and savepoints aside; on PostgreSQL ``bench.wire`` counts."""
    from sqlalchemy import Engine, event

    seen = 0

    def trace(statement: str) -> None:
        nonlocal seen
        seen += statement.split(" ", 1)[0] not in AROUND

    @event.listens_for(Engine, "connect")
    def _opened(connection: Any, _: object) -> None:  # noqa: ANN401 - of one of three modules
        # Asked by the driver: the hot statements pass SQLAlchemy and its events by.
        if hasattr(connection, "set_trace_callback"):
            connection.set_trace_callback(trace)

    return lambda _: seen


def _obey(server: uvicorn.Server, port: int, commands: dict[str, Command]) -> None:
    while not server.started:
        if server.should_exit:
            return
        time.sleep(0.005)
    print(port, flush=True)
    for line in sys.stdin:
        name, _, argument = line.strip().partition(" ")
        print(json.dumps(commands[name](argument)), flush=True)
    server.should_exit = True


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], count="--count" in sys.argv)
