"""Turn what was answered into a line of the audit: who asked, what for, and how it ended. Never what was in it.

A change writes its own line, in its own transaction; this is about all the rest: what was read, and what was refused.
The names of events and entities follow from the operations and stand nowhere else.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from prep_tracker.api.limits import place_of
from prep_tracker.store import access, audit
from prep_tracker.store.audit import Action

if TYPE_CHECKING:
    from fastapi import Request
    from starlette.types import Message, Scope

    from prep_tracker.api.trail import Trail
    from prep_tracker.desk.case import Desk
    from prep_tracker.domain.actor import Actor
    from prep_tracker.store import Connection

EVENTS: Mapping[str, str] = MappingProxyType(
    {
        "diff": "versions.compared",
        "export_audit": "audit.exported",
        "feed": "calendar.read",
        "find_days": "days.searched",
        "find_patient": "patient.searched",
        "get_mine": "procedure.read",
        "may_i_use": "text.scanned",
        "once": "calendar.read",
        "scan_text": "text.scanned",
        "simulate": "draft.simulated",
    }
)
"""What operations are called that the rule in ``_event`` would name badly."""
PAGES = "/staff"
REFUSED, MORE = "credential.refused", "credential.refused.more"
_READ = re.compile(r"^(?:get|list)_")
_EXECUTES = ("list_", "find_", "export_")
_WRONG = frozenset({401, 403, 422, 429})
"""How a credential is refused, or what is sent in place of one: a link, a date of birth, a form to sign in."""
_KEY_ID = re.compile(rb"bearer\s+prep_[a-z]{2,8}_([0-9a-f]{16})_", re.IGNORECASE)
_NAMELESS = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{16}")
_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*(?:@\d{1,6})?")
_ACTIONS: Mapping[str, Action] = MappingProxyType({"POST": "C", "PUT": "U", "PATCH": "U", "DELETE": "D"})
_IDS = ("procedure_id", "patient_id", "key", "slug", "name")
"""The parts of a path that name what it is about, the first that is there."""


_NOTHING: Mapping[str, Any] = MappingProxyType({})
Row = dict[str, Any]


class Shown(NamedTuple):
    """Of whom and of which procedures a list shows data."""

    patients: tuple[str, ...] = ()
    procedures: tuple[str, ...] = ()


class Noted(NamedTuple):
    """What is kept of an answer until it is written down: little, for there is one of each request."""

    at: datetime
    status: int
    request_id: str | None = None
    clinic_id: str | None = None
    actor: Actor | None = None
    on_behalf_of: str | None = None
    route: Any = None
    """Whose name is the operation, and whose path has names and no values."""
    method: str = ""
    params: Mapping[str, Any] = _NOTHING
    shown: Shown | None = None
    repeated: str | None = None
    """Of an answer that was given before and is given again: the address of what it is about, empty if none."""
    key_id: str | None = None
    """Of a wrong credential: the public part of the key that it looks like."""
    more: int = 0
    """So many refusals were like this one, and got no line each."""


def showed(request: Request, *, patients: Iterable[str] = (), procedures: Iterable[str] = ()) -> None:
    """Say whose data a list shows; every operation that shows several patients does."""
    request.state.shown = Shown(tuple(dict.fromkeys(patients)), tuple(procedures))


def showed_more(request: Request, *, procedures: Iterable[str]) -> None:
    """Say whose data the next part of an answer shows that is on its way already; it gets a line of its own."""
    shown = Shown((), tuple(procedures))
    if shown.procedures:
        trail: Trail = request.app.state.service.trail
        trail.add(_noted(request.scope, request.state.desk, 200, shown))


def witness(scope: Scope, message: Message) -> None:
    """Note how a request is answered, just before the answer goes out."""
    state, status = scope["state"], message["status"]
    desk: Desk | None = state.get("desk")
    if desk is None:
        if status in _WRONG or (status == 404 and "secret" in scope.get("path_params", ())):  # noqa: PLR2004 - of HTTP
            _refused(scope, status)
    elif status == 304 or (status < 400 and desk.noted):  # noqa: PLR2004 - of HTTP
        return
    elif status == 429:  # noqa: PLR2004 - of HTTP
        who = (desk.clinic.id, desk.actor.credential_id)
        scope["app"].state.service.trail.add_one_of_many(who, _noted(scope, desk, status, None))
    else:
        repeated = None if scope["method"] == "GET" else _repeated(message)
        shown = state.get("shown") if status < 400 else None  # noqa: PLR2004 - of HTTP
        scope["app"].state.service.trail.add(_noted(scope, desk, status, shown, repeated))


def _refused(scope: Scope, status: int) -> None:
    """Note that somebody was refused of whom nothing is known, but perhaps whose key or link it was."""
    host, _ = scope.get("client") or (None, 0)
    service, state = scope["app"].state.service, scope["state"]
    found = _KEY_ID.match(dict(scope["headers"]).get(b"authorization", b""))
    key_id = None if found is None else found[1].decode()
    noted = Noted(service.clock.now(), status, state["request_id"], state.get("clinic_id"), key_id=key_id)
    service.trail.add_one_of_many((place_of(host),), noted)


def _noted(scope: Scope, desk: Desk, status: int, shown: Shown | None, repeated: str | None = None) -> Noted:
    return Noted(
        desk.now,
        status,
        desk.request_id,
        desk.clinic.id,
        desk.actor,
        desk.on_behalf_of,
        scope.get("route"),
        scope["method"],
        scope.get("path_params") or _NOTHING,
        shown,
        repeated,
    )


def _repeated(message: Message) -> str | None:
    headers = dict(message["headers"])
    if b"idempotent-replayed" not in headers:
        return None
    return str(headers.get(b"location", b"").decode("latin-1").partition("?")[0])


def write_down(connection: Connection, noted: Iterable[Noted]) -> None:
    """Write the lines, clinic by clinic, in the order in which it was answered.

    The patients of procedures are looked up here, by one query for each clinic, and with wrong keys whose they are.
    """
    by_clinic: dict[str | None, list[Row]] = {}
    for one in noted:
        clinic_id = one.clinic_id
        if one.key_id is not None and (key := access.find_key(connection, one.key_id)) is not None:
            clinic_id = key.clinic_id
        by_clinic.setdefault(clinic_id, []).append(row_of(one))
    for clinic_id, rows in by_clinic.items():
        if clinic_id is not None:
            _name_patients(connection, clinic_id, rows)
        audit.add_written(connection, clinic_id, rows)


def row_of(one: Noted) -> Row:
    """Write what was noted as a line, as far as it follows from the request alone: a value for each of its fields.

    Of a list that showed procedures, ``seen`` holds these until their patients are known.
    """
    actor, shown = one.actor, one.shown
    if actor is None:
        action: Action = "E"
        event, entity, entity_id = REFUSED, "credential", one.key_id
        patient_id = None
    else:
        path, operation = getattr(one.route, "path", ""), getattr(one.route, "name", "")
        action = _action(one, operation)
        event = _event(path, operation, one.method, is_repeated=one.repeated is not None)
        entity, entity_id = _entity(one, path)
        if entity_id is None and actor.procedure_id is not None:  # somebody who may see nothing but this
            entity, entity_id = "procedure", actor.procedure_id
        patient_id = entity_id if entity == "patient" else actor.patient_id
    if one.more:
        event, entity, entity_id = f"{event}.more", "requests", str(one.more)
    return {
        "at": one.at,
        "actor_role": "unknown" if actor is None else actor.role,
        "credential_id": "" if actor is None else actor.credential_id,
        "person": "" if actor is None else actor.person,
        "action": action,
        "event": event,
        "entity": entity,
        "outcome": one.status,
        "entity_id": entity_id,
        "patient_id": patient_id,
        "on_behalf_of": one.on_behalf_of,
        "request_id": one.request_id,
        "seen": None if shown is None else [*shown.patients, *shown.procedures],
    }


def _name_patients(connection: Connection, clinic_id: str, rows: Iterable[Row]) -> None:
    """Say in lines about procedures whose they are. A procedure that is gone meanwhile is named itself."""
    procedures = {row["entity_id"] for row in rows if row["entity"] == "procedure"}
    for row in rows:
        procedures.update(row["seen"] or ())
    procedures.discard(None)
    patients = audit.patients_of(connection, clinic_id, procedures) if procedures else {}
    for row in rows:
        if row["seen"] is not None:
            row["seen"] = list(dict.fromkeys(patients.get(each, each) for each in row["seen"]))
        elif row["entity"] == "procedure":
            row["patient_id"] = patients.get(row["entity_id"], row["patient_id"])


@lru_cache(maxsize=1024)
def _event(path: str, operation: str, method: str, *, is_repeated: bool) -> str:
    named = EVENTS.get(operation)
    if named is not None:
        return named
    # A page is called by its address: its function's name says little by itself.
    name = _stem(path).removesuffix("s") if path.startswith(PAGES) else operation.removeprefix("my_")
    if method == "GET":
        return f"{_READ.sub('', name).replace('_', '-')}.read"
    return f"{name.replace('_', '-')}.{'repeated' if is_repeated else 'tried'}"


def _action(one: Noted, operation: str) -> Action:
    if one.method == "GET":
        return "E" if one.shown is not None or operation.startswith(_EXECUTES) else "R"
    if one.status < 400:  # noqa: PLR2004 - of HTTP
        return "E" if one.repeated is None else "R"
    if one.method == "POST" and one.params:
        return "U"  # something is added to what is there
    return _ACTIONS.get(one.method, "E")


def _entity(one: Noted, path: str) -> tuple[str, str | None]:
    """Give what it is about, by its kind and id. What somebody typed is no id: it may be a name."""
    kind = _stem(path).removesuffix("s")
    if kind == "clinic":
        return kind, one.clinic_id
    if one.repeated:
        return kind, _if_nameless(one.repeated.rpartition("/")[2])
    given = next((one.params[name] for name in _IDS if name in one.params), None)
    found = _if_nameless(given)
    if found is None and given is not None and one.status < 400 and _SLUG.fullmatch(str(given)):  # noqa: PLR2004 - of HTTP
        found = f"{given}@{one.params['n']}" if "n" in one.params else str(given)
    return kind[:32], found


@lru_cache(maxsize=1024)
def _stem(path: str) -> str:
    """Give the first word of an address behind where it begins; staff's first page is the worklist."""
    return (
        path.removeprefix("/v1").removeprefix("/portal").removeprefix(PAGES).strip("/").partition("/")[0] or "worklist"
    )


def _if_nameless(given: object) -> str | None:
    return given if isinstance(given, str) and _NAMELESS.fullmatch(given) else None
