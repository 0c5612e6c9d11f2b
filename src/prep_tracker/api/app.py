"""Put the app together: routes, errors, envelope, and the little that is done without being asked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from fastapi import FastAPI

from prep_tracker import __version__
from prep_tracker.api import feeds, health, openapi, problems, reference, retention
from prep_tracker.api.door import Service
from prep_tracker.api.envelope import Cors, Envelope
from prep_tracker.api.identity import Identities
from prep_tracker.api.limits import Limits
from prep_tracker.api.logs import log, told, unhandled
from prep_tracker.api.metrics import Metrics, showing
from prep_tracker.api.pages import (
    actions,
    actions_access,
    actions_deciding,
    actions_messages,
    actions_patient,
    actions_saying,
    assets,
    booking,
    embed,
    patient,
    procedure,
    protocol_drafts,
    protocol_trying,
    provider,
    signing_in,
    stopping,
)
from prep_tracker.api.pages import imports as imports_page
from prep_tracker.api.pages import protocols as protocols_page
from prep_tracker.api.pages import worklist as worklist_page
from prep_tracker.api.portal import mine, sessions
from prep_tracker.api.quick import Quick
from prep_tracker.api.staff import (
    auditing,
    clinic,
    clinical,
    imports,
    looking,
    messages,
    migrating,
    patients,
    procedures,
    products,
    protocols,
    publishing,
    retaining,
    saying,
    webhooks,
    worklist,
)
from prep_tracker.api.trail import Trail
from prep_tracker.domain.chain import Keys
from prep_tracker.domain.errors import UnavailableError
from prep_tracker.services import portal, staff_sessions
from prep_tracker.store import clinics, idempotency
from prep_tracker.store.session import EVERY

if TYPE_CHECKING:
    from opentelemetry.trace import Tracer

    from prep_tracker.clock import Clock, TravelClock
    from prep_tracker.store import Connection
    from prep_tracker.store.session import Store

ROUTERS = (
    procedures.router,
    worklist.router,
    saying.router,
    clinical.router,
    products.router,
    looking.router,
    messages.router,
    patients.router,
    protocols.router,
    publishing.router,
    migrating.router,
    clinic.router,
    webhooks.router,
    retaining.router,
    auditing.router,
    imports.router,
    health.router,
    reference.router,
    mine.router,
    feeds.router,
    feeds.open_router,
    sessions.router,
    sessions.open_router,
    worklist_page.router,
    procedure.router,
    actions.router,
    actions_saying.router,
    actions_deciding.router,
    actions_access.router,
    actions_messages.router,
    actions_patient.router,
    booking.router,
    protocol_drafts.router,
    protocol_trying.router,
    protocols_page.router,
    imports_page.router,
    signing_in.public,
    signing_in.router,
    provider.router,
    assets.router,
    embed.router,
    patient.router,
    stopping.router,
)
"""The hot ones first: a request walks through them in this order."""


class Beside(Protocol):
    """What runs beside the app for as long as it serves: the worker that sends messages."""

    def start(self) -> None:
        """Begin."""

    def stop(self) -> None:
        """End what was begun."""


Chore = Callable[["Connection", datetime], object]
REFRESH_SECONDS = 60
KEPT_HOURS = 48
"""How long the answers to requests with an Idempotency-Key are kept; 24 hours are promised."""


def create_app(  # noqa: PLR0913 - how the service is set up, by name
    store: Store,
    clock: Clock,
    *,
    origins: Sequence[str] = (),
    log_requests: bool = False,
    chores: Sequence[Chore] = (),
    limits: Limits | None = None,
    audit_keys: Sequence[str] = (),
    public_url: str | None = None,
    travel: TravelClock | None = None,
    metrics_port: int | None = None,
    tracer: Tracer | None = None,
    beside: Beside | None = None,
) -> FastAPI:
    """Make the app on an open store.

    ``origins`` are web addresses from which pages may call, beside the clinics'. ``chores`` are done every minute.
    ``limits`` say how often anybody may ask; left out, they are those that the service has when nothing is set.
    ``public_url`` is where people reach the service, for links to it; left out, it is what they called.
    ``travel`` is the clock of a demo, in which days can pass; elsewhere nothing of that is there.
    ``beside`` is what runs in this process for as long as it serves: whoever sends the messages.
    ``metrics_port`` is where numbers are shown on this machine; left out, they are not counted either.
    ``tracer`` is told of every answer, for a collector of the operator's.
    ``audit_keys`` are the secrets with which the audit is sealed, newest first.
    """
    of_clinics: set[str] = set()
    metrics = Metrics()

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        asyncio.get_running_loop().set_exception_handler(unhandled)
        keeping = asyncio.create_task(_keep_house(store, clock, of_clinics, chores))
        service: Service = app.state.service
        ending = asyncio.Event()
        trailing = asyncio.create_task(service.trail.keep(service, ending))
        if beside is not None:
            beside.start()
        async with showing(metrics, service, metrics_port):
            yield
        if beside is not None:
            await asyncio.to_thread(beside.stop)
        keeping.cancel()
        with suppress(asyncio.CancelledError):
            await keeping
        ending.set()
        await trailing
        await store.aclose()

    app = FastAPI(
        title="prep-tracker",
        version=__version__,
        description="Turn a procedure date and a clinic's preparation rules into a countdown checklist.",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
        # All of it off: its spans would carry paths and queries, and looking whether anybody listens takes its time.
        telemetry={
            "tracing": False,
            "metrics": False,
            "logs": False,
            "operation_spans": False,
            "auto_configure": False,
        },
    )
    app.state.service = Service(store, clock, Trail(Keys(audit_keys)))
    app.state.identities = Identities()
    app.state.origins = of_clinics
    app.state.public_url = public_url
    app.state.limits = limits or Limits()
    problems.install(app)
    for router in ROUTERS:
        app.include_router(router)
    if travel is not None:
        from prep_tracker.api import demo
        from prep_tracker.demo import redate

        app.state.travel = travel
        app.include_router(demo.router)
        app.include_router(demo.pages)
        chores = [*chores, lambda connection, _: travel.days or redate(connection, travel.real())]
    _document(app)
    app.add_middleware(Cors, origins=origins, of_clinics=of_clinics)
    app.add_middleware(Quick)
    count = None if metrics_port is None else metrics.count
    app.add_middleware(Envelope, log_requests=log_requests, count=count, tracer=tracer)
    return app


async def _keep_house(store: Store, clock: Clock, of_clinics: set[str], chores: Sequence[Chore]) -> None:
    """Learn the clinics' origins and forget old answers to repeats, every minute; a database that is away can wait."""
    looked_on: retention.Days = {}
    while True:
        try:
            found = await store.read(clinics.every, EVERY)
            of_clinics.clear()
            of_clinics.update(origin for row in found for origin in row.settings.get("origins", ()))
            before = clock.now() - timedelta(hours=KEPT_HOURS)
            await store.write(lambda c, before=before: idempotency.purge(c, before=before), EVERY)  # type: ignore[misc]
            await store.write(lambda c: staff_sessions.purge(c, now=clock.now()), EVERY)
            await store.write(lambda c: portal.purge(c, now=clock.now()), EVERY)
            for chore in chores:
                await store.write(lambda c, chore=chore: chore(c, clock.now()), EVERY)  # type: ignore[misc]
            await retention.keep(store, clock.now(), looked_on)
        except UnavailableError:
            log().warning("the database cannot be reached")
        except Exception as error:  # noqa: BLE001 - the house is kept all the same, and no server prints what it says
            log().error("keeping house failed", **told(error))
        await asyncio.sleep(REFRESH_SECONDS)


def _document(app: FastAPI) -> None:
    """Let the OpenAPI document say what FastAPI leaves out of it."""
    made = app.openapi
    app.openapi = lambda: app.openapi_schema or openapi.finish(made(), ROUTERS)  # type: ignore[method-assign]
