"""Turn what was answered into a line of the audit: who asked, what for, and how it ended. Never what was in it.

A change writes its own line, in its own transaction; this is about all the rest: what was read, and what was refused.
The names of events and entities follow from the operations and stand nowhere else.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from prep_tracker.api.limits import place_of
from prep_tracker.store import access, audit
from prep_tracker.store.audit import Action, AuditLine

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
    operation: str = ""
    path: str = ""
    """As the route has it, with names and no values."""
    method: str = ""
    params: Mapping[str, Any] = MappingProxyType({})
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
    if desk is not None and status < 400:  # noqa: PLR2004 - of HTTP
        if status != 304 and not desk.noted:  # noqa: PLR2004 - of HTTP
            noted = _noted(scope, desk, status, state.get("shown"))
            scope["app"].state.service.trail.add(noted._replace(repeated=_repeated(message)))
    elif desk is not None:
        noted = _noted(scope, desk, status, None)
        trail: Trail = scope["app"].state.service.trail
        if status == 429:  # noqa: PLR2004 - of HTTP
            trail.add_one_of_many((desk.clinic.id, desk.actor.credential_id), noted)
        else:
            trail.add(noted)
    elif status in _WRONG or (status == 404 and "secret" in scope.get("path_params", ())):  # noqa: PLR2004 - of HTTP
        host, _ = scope.get("client") or (None, 0)
        service = scope["app"].state.service
        found = _KEY_ID.match(dict(scope["headers"]).get(b"authorization", b""))
        key_id = None if found is None else found[1].decode()
        noted = Noted(service.clock.now(), status, state["request_id"], state.get("clinic_id"), key_id=key_id)
        service.trail.add_one_of_many((place_of(host),), noted)


def _noted(scope: Scope, desk: Desk, status: int, shown: Shown | None) -> Noted:
    route = scope.get("route")
    return Noted(
        desk.now,
        status,
        desk.request_id,
        desk.clinic.id,
        desk.actor,
        desk.on_behalf_of,
        getattr(route, "name", ""),
        getattr(route, "path", ""),
        scope["method"],
        scope.get("path_params") or {},
        shown,
    )


def _repeated(message: Message) -> str | None:
    headers = dict(message["headers"])
    if b"idempotent-replayed" not in headers:
        return None
    return str(headers.get(b"location", b"").decode("latin-1"))


def write_down(connection: Connection, noted: Iterable[Noted]) -> None:
    """Write the lines, clinic by clinic, in the order in which it was answered.

    The patients of procedures are looked up here, by one query for each clinic, and with wrong keys whose they are.
    """
    by_clinic: dict[str | None, list[Noted]] = {}
    for one in noted:
        known = one
        if one.key_id is not None and (key := access.find_key(connection, one.key_id)) is not None:
            known = one._replace(clinic_id=key.clinic_id)
        by_clinic.setdefault(known.clinic_id, []).append(known)
    for clinic_id, ones in by_clinic.items():
        lines = [line_of(one) for one in ones]
        if clinic_id is not None:
            patients = audit.patients_of(connection, clinic_id, _procedures(ones, lines))
            lines = [_with_patients(line, one.shown, patients) for one, line in zip(ones, lines, strict=True)]
        audit.add(connection, clinic_id, *lines)


def line_of(one: Noted) -> AuditLine:
    """Write what was noted as a line, as far as it follows from the request alone."""
    actor = one.actor
    if actor is None:
        event, entity, entity_id = REFUSED, "credential", one.key_id
        if one.more:
            event, entity, entity_id = MORE, "requests", str(one.more)
        return AuditLine(
            one.at, "unknown", "", "", "E", event, entity, one.status, entity_id, request_id=one.request_id
        )
    entity, entity_id = _entity(one)
    if actor.procedure_id is not None and entity_id is None:  # somebody who may see nothing but this
        entity, entity_id = "procedure", actor.procedure_id
    event = _event(one)
    if one.more:
        event, entity, entity_id = f"{event}.more", "requests", str(one.more)
    return AuditLine(
        one.at,
        actor.role,
        actor.credential_id,
        actor.person,
        _action(one),
        event,
        entity,
        one.status,
        entity_id,
        entity_id if entity == "patient" else actor.patient_id,
        one.on_behalf_of,
        one.request_id,
    )


def _event(one: Noted) -> str:
    named = EVENTS.get(one.operation)
    if named is not None:
        return named
    # A page is called by its address: its function's name says little by itself.
    name = _stem(one.path).removesuffix("s") if one.path.startswith(PAGES) else one.operation.removeprefix("my_")
    if one.method == "GET":
        return f"{_READ.sub('', name).replace('_', '-')}.read"
    return f"{name.replace('_', '-')}.{'tried' if one.repeated is None else 'repeated'}"


def _action(one: Noted) -> Action:
    if one.method == "GET":
        return "E" if one.shown is not None or one.operation.startswith(_EXECUTES) else "R"
    if one.status < 400:  # noqa: PLR2004 - of HTTP
        return "E" if one.repeated is None else "R"
    if one.method == "POST" and one.params:
        return "U"  # something is added to what is there
    return _ACTIONS.get(one.method, "E")


def _entity(one: Noted) -> tuple[str, str | None]:
    """Give what it is about, by its kind and id. What somebody typed is no id: it may be a name."""
    kind = _stem(one.path).removesuffix("s")
    if kind == "clinic":
        return kind, one.clinic_id
    if one.repeated:
        return kind, _if_nameless(one.repeated.rpartition("/")[2])
    given = next((one.params[name] for name in _IDS if name in one.params), None)
    found = _if_nameless(given)
    if found is None and given is not None and one.status < 400 and _SLUG.fullmatch(str(given)):  # noqa: PLR2004 - of HTTP
        found = f"{given}@{one.params['n']}" if "n" in one.params else str(given)
    return kind[:32], found


def _stem(path: str) -> str:
    """Give the first word of an address behind where it begins; staff's first page is the worklist."""
    return (
        path.removeprefix("/v1").removeprefix("/portal").removeprefix(PAGES).strip("/").partition("/")[0] or "worklist"
    )


def _if_nameless(given: object) -> str | None:
    return given if isinstance(given, str) and _NAMELESS.fullmatch(given) else None


def _procedures(ones: Iterable[Noted], lines: Iterable[AuditLine]) -> set[str]:
    shown = {each for one in ones if one.shown is not None for each in one.shown.procedures}
    return shown | {line.entity_id for line in lines if line.entity == "procedure" and line.entity_id is not None}


def _with_patients(line: AuditLine, shown: Shown | None, patients: Mapping[str, str]) -> AuditLine:
    """Say which patients a line is about. A procedure that is gone meanwhile is named itself."""
    if shown is not None:
        seen = (*shown.patients, *(patients.get(each, each) for each in shown.procedures))
        return replace(line, seen=list(dict.fromkeys(seen)))
    if line.entity == "procedure" and line.entity_id is not None:
        return replace(line, patient_id=patients.get(line.entity_id, line.patient_id))
    return line
