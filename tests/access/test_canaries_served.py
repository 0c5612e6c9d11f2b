"""What the server itself writes, what a command writes, and what telemetry would carry: nothing of anybody."""

from __future__ import annotations

import asyncio
import gc
import logging
import socket
import sys
import threading
import time
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
import structlog
import uvicorn
from fastapi import FastAPI
from opentelemetry import metrics, trace
from opentelemetry.metrics import MeterProvider, NoOpMeter
from opentelemetry.trace import NonRecordingSpan, NoOpTracer, SpanContext, TracerProvider
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from prep_tracker import cli
from prep_tracker.api import app as app_module
from prep_tracker.api import envelope, logs
from prep_tracker.api.limits import Limits
from prep_tracker.cli.serving import log_config
from prep_tracker.clock import SetClock
from prep_tracker.services import simulation
from prep_tracker.settings import Settings
from prep_tracker.store.session import Store
from tests.access.listening import FORMS, Form, secret_of
from tests.access.living import CANARY, PIA, TRACES, publish, treatment
from tests.access.traces import owner_engine
from tests.api.house import BOOKED_AT, BOOKING, House
from tests.cli.terminal import lines, program
from tests.store.cast import settle_aster

SLOW = 20
"""How many seconds a server may take for anything."""


def free_of(text: str, *more: str) -> bool:
    """Say whether a text has none of Pia's words in it."""
    return not any(one in text for one in (*TRACES, *more))


@contextmanager
def served(form: Form, app: FastAPI) -> Iterator[str]:
    """Serve the app as the command does, with the same log, on a free port; give its address."""
    known = {name: logging.getLogger(name) for name in LOGGERS}
    ours = structlog.get_config()
    logs.configure(form, sys.stderr)
    before = {name: (log.handlers[:], log.level, log.propagate) for name, log in known.items()}
    config = uvicorn.Config(app, access_log=False, log_config=log_config(Settings(log=form)), server_header=False)
    server = uvicorn.Server(config)
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            wait_until(lambda: server.started)
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(SLOW)
            structlog.configure(**ours)
            for name, (handlers, level, propagate) in before.items():
                known[name].handlers[:], known[name].propagate = handlers, propagate
                known[name].setLevel(level)
    assert not thread.is_alive()


LOGGERS = ("uvicorn", "uvicorn.error", "uvicorn.access", "uvicorn.asgi")


def wait_until(done: Any) -> None:  # noqa: ANN401 - a question
    """Wait until something is so."""
    deadline = time.monotonic() + SLOW
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def raw(url: str, *pieces: bytes) -> bytes:
    """Send bytes as they are, and read what comes back until the server hangs up or says nothing more."""
    host, _, port = url.removeprefix("http://").partition(":")
    said = b""
    with socket.create_connection((host, int(port)), timeout=SLOW) as connection:
        for piece in pieces:
            connection.sendall(piece)
        connection.settimeout(1)
        try:
            while more := connection.recv(65536):
                said += more
        except TimeoutError:
            pass
    return said


def strange_requests(token: str) -> list[tuple[bytes, ...]]:
    """Give what no client of ours sends, with the word in it and a key."""
    key = f"Authorization: Bearer {token}\r\n".encode()
    name = CANARY.encode()
    return [
        (b"GET /" + name + b" HTTP/9.9\r\n\r\n",),
        (name + b"\x00\x01 / HTTP/1.1\r\n\r\n",),
        (b"GET /?" + name + b" HTTP/1.1\r\nHost: x\r\n" + name + b"\r\n\r\n",),
        (b"GET /" + name * 9000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",),
        (b"GET / HTTP/1.1\r\nHost: x\r\n" + key + name + b": " + name * 9000 + b"\r\n\r\n",),
        (b"GET /%ff%00" + name + b" HTTP/1.1\r\nHost: x\r\n" + key + b"\r\n",),
        (b"POST /v1/patients HTTP/1.1\r\nHost: x\r\nContent-Length: 9999\r\n" + key + b'\r\n{"name": "' + name,),
        (
            b"POST /v1/patients HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
            + key
            + b"\r\nzz"
            + name
            + b"\r\n",
        ),
        (
            b"GET /" + name + b"?token=" + name + b" HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade"
            b"\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n" + key + b"\r\n",
        ),
        (b"GET /v1/patients?reference=" + name + b" HTTP/1.0\r\n" + key + b"\r\n",),
    ]


def talking_app(house: House) -> FastAPI:
    """Make an app on the house's store that logs every request."""
    return app_module.create_app(house.store, SetClock(BOOKED_AT), log_requests=True, limits=Limits(0, 0))


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("form", FORMS)
def test_the_server_says_nothing_of_what_it_was_sent(
    house: House, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], form: Form
) -> None:
    """Broken requests, upgrades, and an answer that breaks off in the middle: all that makes a server write a line."""
    publish(house, treatment())
    house.person("Ana").book(patient=PIA, protocol="our-treatment")
    token = house.tokens["Ana"]
    break_the_middle(monkeypatch)
    with served(form, talking_app(house)) as url:
        for pieces in strange_requests(token):
            raw(url, *pieces)
        with pytest.raises(httpx.RemoteProtocolError):
            simulate(url, house.tokens["Cleo"])
    said = capfd.readouterr()
    assert free_of(said.out + said.err, secret_of(token), secret_of(house.tokens["Cleo"]))
    assert "Invalid HTTP request" in said.err
    assert "CutOffError" in said.err
    assert said.err.count("RuntimeError") == 1, "it is told once, with its places"


def break_the_middle(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the second batch of a simulation fail with Pia in its words and in its frames."""
    real = simulation.try_batch

    def failing(connection: Any, desk: Any, rules: Any, slug: str, after: str) -> Any:  # noqa: ANN401 - handed on
        patient = dict(PIA)
        if after:
            raise RuntimeError(f"{patient}")
        effects, tried, _ = real(connection, desk, rules, slug, after)
        return effects, tried, "0"

    monkeypatch.setattr(simulation, "try_batch", failing)


def simulate(url: str, token: str) -> None:
    """Try the published version once more, to the end."""
    headers = {"Authorization": f"Bearer {token}"}
    path = f"{url}/v1/protocols/our-treatment/drafts/1/simulate"
    with httpx.stream("POST", path, headers=headers, timeout=SLOW, trust_env=False) as answer:
        assert answer.status_code == 200
        for _ in answer.iter_lines():
            pass


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("seed", ["the words of errors", "the error that cut it off"])
def test_an_error_that_a_server_logs_in_words_is_found(
    house: House, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], form: Form, seed: str
) -> None:
    """Both walls are needed: ours around the server's log, and the bare error that it is given."""
    publish(house, treatment())
    house.person("Ana").book(patient=PIA, protocol="our-treatment")
    break_the_middle(monkeypatch)
    with monkeypatch.context() as patch:
        patch.setattr("prep_tracker.api.logs.without_words", in_words)
        if seed == "the error that cut it off":
            patch.setattr(envelope, "CutOffError", lambda: sys.exc_info()[1])
        with served(form, talking_app(house)) as url, pytest.raises(httpx.RemoteProtocolError):
            simulate(url, house.tokens["Cleo"])
    said = capfd.readouterr()
    assert "Traceback" in said.err
    assert free_of(said.err) == (seed == "the words of errors")


def in_words(_logger: object, _method: str, event: dict[str, Any]) -> dict[str, Any]:
    """Tell of an error in all its words."""
    error = (event.pop("exc_info", None) or (None, None))[1]
    return event | {"exception": "".join(traceback.format_exception(error)) if error else ""}


@pytest.mark.parametrize("form", FORMS)
def test_a_task_that_nobody_waits_for_and_a_chore_that_fails_say_nothing(
    house: House, capfd: pytest.CaptureFixture[str], form: Form
) -> None:
    """Both while the service runs and when it ends."""

    def chore(connection: object, now: object) -> None:
        raise RuntimeError(f"{PIA} {connection} {now}")

    async def alone() -> None:
        raise RuntimeError(str(PIA))

    made = app_module.create_app(house.store, SetClock(BOOKED_AT), chores=[chore])

    async def run() -> None:
        async with made.router.lifespan_context(made):
            task = asyncio.create_task(alone())
            await asyncio.sleep(0.2)
            del task
            gc.collect()
            await asyncio.sleep(0)

    ours = structlog.get_config()
    logs.configure(form, sys.stderr)
    house.wait(run())
    structlog.configure(**ours)
    said = capfd.readouterr()
    assert said.err.count("RuntimeError") >= 2
    assert free_of(said.out + said.err)


PASSWORD = f"{CANARY}-password"


@pytest.mark.parametrize(
    ("args", "settings"),
    [
        (["keys", "list"], {"PREP_DATABASE_URL": f"postgresql://user:{PASSWORD}@127.0.0.1:1/{CANARY}"[:-8]}),
        (["migrate"], {"PREP_DATABASE_URL": f"{CANARY}://user:{PASSWORD}@host/name"}),
        (["serve"], {"PREP_LOG": CANARY}),
        (["serve"], {"PREP_PORT": CANARY}),
        (["serve"], {"PREP_ORIGINS": CANARY}),
        (["serve"], {"PREP_LOG_REQUESTS": CANARY}),
        (["keys", "revoke", f"prep_live_{'0' * 16}_{CANARY}{'x' * 35}"], {}),
    ],
)
def test_a_command_that_is_refused_shows_no_secret(args: list[str], settings: Mapping[str, str]) -> None:
    code, said = lines(*args, **settings)
    assert code in {1, 2}
    assert free_of("\n".join(said))


def test_a_command_that_fails_says_where_and_not_what(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError(str(PIA))

    monkeypatch.setattr(cli, "app", lambda **_: broken())
    with pytest.raises(SystemExit) as ended:
        cli.main()
    said = capsys.readouterr()
    assert ended.value.code == 1
    assert "RuntimeError" in said.err
    assert len(said.err.splitlines()) == 1
    assert free_of(said.out + said.err)


def test_a_file_that_is_no_protocol_and_a_database_that_is_none_are_one_line_each(tmp_path: Any) -> None:  # noqa: ANN401
    (tmp_path / "own.db").write_text(f"{PIA}", encoding="utf-8")
    done = program("clinic", "list", PREP_DATABASE_URL=f"sqlite:///{tmp_path}/own.db")
    assert done.returncode == 1
    assert free_of(done.stdout + done.stderr)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_postgresql_quotes_no_row_in_its_log(store: Store, database_url: str) -> None:
    """What it adds to an error goes to its log and to us alike; row-level security keeps rows out of both."""
    aster = store.run_write(settle_aster)
    again = text(
        "INSERT INTO patients (clinic_id, id, reference, name, language, messages, version, created_at)"
        f" VALUES ('{aster.clinic}', 'other', '1001', '{CANARY}', 'en', '{{}}', 1, now())"
    )

    def detail(connection: Connection) -> str | None:
        with pytest.raises(IntegrityError) as refused:
            connection.execute(again)
        found: str | None = getattr(refused.value.orig, "diag").message_detail  # noqa: B009 - the driver's own
        raise KeyError(found)

    with pytest.raises(KeyError) as told:
        store.run_write(detail)
    assert told.value.args == (None,)
    engine = owner_engine(database_url)
    with engine.connect() as connection, pytest.raises(KeyError) as told:
        detail(connection)
    engine.dispose()
    assert "1001" in str(told.value), "to the owner it would be quoted"


class Spans(TracerProvider):
    """Keep every span that anybody begins, with whatever is written on it."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def get_tracer(self, *_: Any, **__: Any) -> Any:  # noqa: ANN401 - as the interface has it
        """Give a tracer that tells us."""
        provider = self

        class Tracer(NoOpTracer):
            def start_span(self, name: str, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - as the interface has it
                provider.told.append(f"{name} {args} {kwargs}")
                return Span(provider)

        return Tracer()


class Span(NonRecordingSpan):
    """A span that counts as recording, so that everything is written on it."""

    def __init__(self, provider: Spans) -> None:
        super().__init__(SpanContext(1, 1, is_remote=False))
        self._told = provider.told

    def is_recording(self) -> bool:
        """Say that it is."""
        return True

    def set_attribute(self, key: str, value: object) -> None:
        """Keep it."""
        self._told.append(f"{key}={value}")

    def set_attributes(self, attributes: Mapping[str, object]) -> None:
        """Keep them."""
        self._told.append(str(dict(attributes)))

    def record_exception(self, exception: BaseException, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401
        """Keep it."""
        self._told.append(f"{exception} {args} {kwargs}")


class Meters(MeterProvider):
    """Count the meters that anybody asks for."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def get_meter(self, name: str, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - as the interface has it
        """Give one that does nothing."""
        self.asked.append(f"{name} {args} {kwargs}")
        return NoOpMeter(name)


@pytest.fixture
def telemetry(monkeypatch: pytest.MonkeyPatch) -> tuple[Spans, Meters]:
    """Let somebody listen to telemetry, as an operator's agent does."""
    spans, meters = Spans(), Meters()
    monkeypatch.setattr(trace, "_TRACER_PROVIDER", spans)
    monkeypatch.setattr(metrics._internal, "_METER_PROVIDER", meters)
    return spans, meters


def ask(house: House, app: FastAPI) -> None:
    """Book Pia and look for her, through this app."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)

    async def run() -> None:
        headers = {"Authorization": f"Bearer {house.tokens['Ana']}"}
        async with httpx.AsyncClient(transport=transport, base_url="http://aster.test", headers=headers) as client:
            made = await client.post("/v1/procedures", json=BOOKING | {"patient": PIA})
            assert made.status_code == 201
            for path in (made.headers["location"], f"/v1/patients?reference={PIA['reference']}", f"/{CANARY}"):
                await client.get(path)

    house.wait(run())


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_no_telemetry_is_written_whoever_listens(house: House, telemetry: tuple[Spans, Meters]) -> None:
    spans, meters = telemetry
    ask(house, talking_app(house))
    assert spans.told == []
    assert meters.asked == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_telemetry_that_is_on_would_be_found(
    house: House, monkeypatch: pytest.MonkeyPatch, telemetry: tuple[Spans, Meters]
) -> None:
    """FastAPI's spans carry the path and the query in clear."""
    made = FastAPI.__init__

    def loud(self: FastAPI, **options: Any) -> None:  # noqa: ANN401 - handed on
        made(self, **{name: value for name, value in options.items() if name != "telemetry"})

    monkeypatch.setattr(FastAPI, "__init__", loud)
    ask(house, talking_app(house))
    spans, _ = telemetry
    assert any(CANARY in told for told in spans.told)


def test_every_kind_of_fastapis_telemetry_is_off() -> None:
    """One that a later version adds fails this until somebody has looked at it."""
    made = app_module.create_app(Store.open("sqlite:///never-opened.db"), SetClock(BOOKED_AT))
    switches = {name: value for name, value in made._telemetry.items() if isinstance(value, bool)}
    assert switches
    assert not any(switches.values()), switches
