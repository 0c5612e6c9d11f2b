"""Stand at the door: know the caller before anything else is looked at, then read or act in one transaction."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Coroutine
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from fastapi import Header, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.responses import Response

from prep_tracker.api.callers import caller_of
from prep_tracker.api.problems import faults_of
from prep_tracker.api.repeating import again, once, repeat_of
from prep_tracker.api.solving import solver
from prep_tracker.api.trail import Trail
from prep_tracker.api.wire import UUID, Answer, Day
from prep_tracker.catalog.speaking import choose_language, words
from prep_tracker.catalog.words import Words
from prep_tracker.desk.case import Desk, committed
from prep_tracker.domain.errors import Fault, ForbiddenError, InvalidError, NotFoundError
from prep_tracker.services.clinic import calendar_of
from prep_tracker.store import idempotency

if TYPE_CHECKING:
    from prep_tracker.clock import Clock
    from prep_tracker.domain.actor import Actor
    from prep_tracker.store import Connection
    from prep_tracker.store.idempotency import Repeat
    from prep_tracker.store.session import Store

T = TypeVar("T")
Handler = Callable[[Request], Coroutine[Any, Any, Response]]
STAFF = ("coordinator", "clinician", "admin")
SPOKEN = "Accept-Language"
"""What else an answer with texts depends on: the value of its ``Vary`` (RFC 9110, section 12.5.5)."""
_TAG = re.compile(r'"(\d{1,9})(?:\.[^"]*)?"')

AsOf = Annotated[
    Day | None,
    Query(description="The day to answer for; left out: today in the clinic's zone.", examples=["2026-12-04"]),
]
Lang = Annotated[
    str | None, Query(max_length=35, description="The language of the texts; else Accept-Language decides.")
]
IfMatch = Annotated[
    str | None, Header(description="The ETag of the procedure as it was read.", examples=['"17.2026-12-04.en.staff"'])
]
IfNoneMatch = Annotated[str | None, Header(description="An ETag: unchanged is answered by 304 without a body.")]
IdempotencyKey = Annotated[
    str | None,
    Header(description="Any text of your own: sent again, the stored answer comes back, and it is done once."),
]


Also = Callable[["Connection", Desk, dict[str, Any], dict[str, str]], list[Fault]]
ALSO_CHECKED: dict[str, Also] = {}
"""By operation: what looks at the fields that are well-formed when others are not, so that all faults come at once.

It is given those fields, and what stands in the path.
"""


@dataclass(frozen=True, slots=True)
class Service:
    """What the app works with: the store, the clock that the door hands on as ``now``, and the trail of all answers."""

    store: Store
    clock: Clock
    trail: Trail = field(default_factory=Trail)


class Door(APIRoute):
    """A route that knows its caller first: 401 before any other check, then the role, then the request itself."""

    def get_route_handler(self) -> Handler:
        """Put the authentication in front of what FastAPI does."""
        inner, solve, endpoint = super().get_route_handler(), solver(self), self.endpoint
        extra = self.openapi_extra or {}
        roles, scope = frozenset(extra.get("x-roles", STAFF)), extra.get("x-scope")

        async def handle(request: Request) -> Response:
            service: Service = request.app.state.service
            if service.trail.is_full:
                await service.trail.make_room(service.store)
            scheme, _, token = request.headers.get("authorization", "").partition(" ")
            given = token.strip() if scheme.lower() == "bearer" else None
            now = service.clock.now()
            actor, clinic = await caller_of(request.app, given, now)
            request.state.desk = Desk(actor, clinic, calendar_of(clinic), now, request.state.request_id)
            request.app.state.limits.count(actor)
            if not (scope in actor.scopes if actor.role == "integration" else actor.may(*roles)):
                raise ForbiddenError(_refusal(actor, roles, scope))
            for name, value in request.path_params.items():
                if name.endswith("_id") and not UUID.fullmatch(value):
                    raise NotFoundError
            if actor.procedure_id not in {None, request.path_params.get("procedure_id", actor.procedure_id)}:
                raise NotFoundError
            found = None if solve is None else await solve(request)
            if found is not None:
                answered: Response = await endpoint(**found)
                return answered
            try:
                return await inner(request)
            except RequestValidationError as error:
                also = ALSO_CHECKED.get(self.name)
                if also is None or not isinstance(error.body, dict):
                    raise
                wrong = faults_of(error)
                fields = {f.pointer.split("/")[1] for f in wrong if f.pointer}
                sound = {name: value for name, value in error.body.items() if name not in fields}
                path = request.path_params
                raise InvalidError(*wrong, *await read(request, lambda c, d: also(c, d, sound, path))) from None

        return handle


def _refusal(actor: Actor, roles: Collection[str], scope: str | None) -> str:
    """Say who may do this, and who asked."""
    if "patient" in roles:
        return f"This is for a patient's own session; yours is {actor.role}."
    if actor.role == "integration":
        return f"This key needs the scope {scope}." if scope else "This is for staff; a key for systems cannot do it."
    if not roles:
        return f"This needs a key for systems with the scope {scope}; yours is {actor.role}."
    named = sorted(roles, key=("coordinator", "clinician", "admin").index)
    return f"This needs the role {' or '.join(named)}; yours is {actor.role}."


def desk_of(request: Request) -> Desk:
    """Give who works, for which clinic, and when."""
    desk: Desk = request.state.desk
    return desk


def words_of(request: Request, lang: str | None) -> Words:
    """Give the words of the language that the caller reads best."""
    return words(choose_language(lang, request.headers.get("accept-language")))


async def read(request: Request, fn: Callable[[Connection, Desk], T]) -> T:
    """Read in one transaction."""
    service: Service = request.app.state.service
    desk = desk_of(request)
    return await service.store.read(lambda connection: fn(connection, desk), desk.clinic.id)


async def act(
    request: Request, fn: Callable[[Connection, Desk], Answer], *, keep: bool = True, asked: bytes | None = None
) -> Response:
    """Act in one transaction, which is committed before the answer goes out.

    With an ``Idempotency-Key`` the answer is kept in the same transaction, and given again to the same request. Without
    ``keep`` only the key is kept: the same request again is a ``ConflictError``, for its answer was shown once.
    Requests are the same by their bodies, or by ``asked`` where a body is never twice the same, as that of a form.
    """
    repeat = await _repeat_of(request, asked)
    return respond(await done(request, fn if repeat is None else once(fn, repeat, keep=keep)))


async def done(request: Request, fn: Callable[[Connection, Desk], Answer]) -> Answer:
    """Do something in one transaction; its answer comes back once it is committed."""
    service: Service = request.app.state.service
    desk = desk_of(request)

    def work(connection: Connection) -> Answer:
        desk.noted.clear()
        desk.planned.clear()  # of what is done once more, because the database was busy, only the last time counts
        desk.due.clear()
        return fn(connection, desk)

    made = await service.store.write(work, desk.clinic.id)
    committed(desk)
    return made


async def repeated(request: Request, asked: bytes) -> Response | None:
    """Give the answer that was kept under the request's key, before anything is done that takes many transactions."""
    repeat = await _repeat_of(request, asked)
    known = None if repeat is None else await read(request, lambda c, d: idempotency.find(c, d.clinic.id, repeat))
    return None if repeat is None or known is None else respond(again(known, repeat))


async def _repeat_of(request: Request, asked: bytes | None) -> Repeat | None:
    """Name the request by its ``Idempotency-Key``, if it has one."""
    key = request.headers.get("idempotency-key")
    if key is None:
        return None
    return repeat_of(request, key, await request.body() if asked is None else asked)


def respond(made: Answer) -> Response:
    """Send an answer: personal data is revalidated each time and never shared."""
    headers = {"Cache-Control": "private, no-cache", **made.headers}
    if "Content-Language" in headers:
        headers["Vary"] = SPOKEN
    return Response(made.body or None, made.status, headers, media_type="application/json" if made.body else None)


def tag(desk: Desk, version: int, day: date | None, language: str, view: str = "staff") -> str:
    """Make the ETag of a procedure's answer: it changes with the version, at midnight, by language and by view.

    Where the clinic has changed its calendar, the number of that change stands at the end.
    """
    changed = desk.clinic.settings.get("calendar")
    return f'"{version}.{day or desk.today}.{language}.{view}{f".{changed}" if changed else ""}"'


def unchanged(if_none_match: str | None, current: str) -> bool:
    """Say whether the caller has this very answer (RFC 9110, section 13.1.2)."""
    if if_none_match is None:
        return False
    given = [one.strip().removeprefix("W/") for one in if_none_match.split(",")]
    return current in given or "*" in given


def not_modified(current: str, *, spoken: bool = True) -> Response:
    """Say that nothing has changed; ``spoken`` unless there is nothing in the answer that depends on the language."""
    headers = {"ETag": current, "Cache-Control": "private, no-cache"}
    return Response(status_code=304, headers=headers | {"Vary": SPOKEN} if spoken else headers)


def versions_of(if_match: str | None) -> frozenset[int] | None:
    """Take the versions out of ``If-Match``: None when there is none; empty when no tag in it is ours."""
    return None if if_match is None else frozenset(int(number) for number in _TAG.findall(if_match))
