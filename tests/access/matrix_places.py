"""Declare where in a request a name may stand: what a clinic calls its own there, and what nobody calls anything.

Every parameter and every field of a body has its line in one of these tables, by its name and not by operation. One
that has none fails ``unknown``: whoever adds it says here what it names, or that it names nothing of a clinic.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tests.access.matrix_clinic import Clinic
from tests.access.matrix_world import PEEL, Whose, World
from tests.api.contract import Operation, document
from tests.api.house import NOBODY

Json = Any


@dataclass(frozen=True, slots=True)
class Named:
    """A place that names a thing: what a clinic calls its own, and what nobody calls anything."""

    thing: str
    nobody: str
    instead_of: str = ""
    """In a body: the field that cannot be sent together with this one."""
    refusals: frozenset[int] = frozenset()
    """How it may be refused within the clinic: a number that is to be new there cannot be one that it has."""

    def of(self, world: World, whose: Whose) -> str:
        """Give the name of this clinic's thing."""
        if whose == "nobody":
            return self.nobody
        return world.view(whose).things[self.thing]


@dataclass(frozen=True, slots=True)
class Plain:
    """A place that names nothing of a clinic, with a value that is accepted there; None: whatever the body has."""

    value: str | None = None
    always: bool = False
    """Sent along with every request, so that there is something in the list at all."""


Place = Named | Plain

# By the part of the path in which the parameter stands; the longest that fits counts.
PATH: Mapping[str, Place] = {
    "procedures/{procedure_id}": Named("procedure", NOBODY),
    "procedures/{procedure_id}/answers": Named("closed procedure", NOBODY),
    "procedures/{procedure_id}/gates": Named("closed procedure", NOBODY),
    "procedures/{procedure_id}/clearance": Named("cleared procedure", NOBODY),
    "procedures/{procedure_id}/protocol": Named("older procedure", NOBODY),
    "procedures/{procedure_id}/events": Named("past procedure", NOBODY),
    "entries/{n}": Named("entry", "77"),
    "gates/{step}": Plain("pregnancy"),
    "products/{n}": Named("product", "77"),
    "patients/{patient_id}": Named("patient one", NOBODY),
    "protocols/{name}": Named("slug", "nobodys-peel"),
    "protocols/{slug}": Named("slug", "nobodys-peel"),
    "drafts/{n}": Named("draft", "77"),
    "drafts/{n}/retire": Named("published", "77"),
    "portal-sessions/{session}": Named("session", "f" * 16),
    "keys/{key}": Named("key", "f" * 16),
    "webhooks/{webhook_id}": Named("webhook", NOBODY),
    "deliveries/{delivery}": Named("delivery", f"msg_{'0' * 32}"),
    "messages/{message}": Named("message", f"msg_{'0' * 32}"),
}
# With the last part of the path before it where it means something else elsewhere.
QUERY: Mapping[str, Place] = {
    "act_by": Plain("2026-12-30"),
    "action": Plain("C"),
    "all": Plain("true"),
    "as_of": Plain("2026-12-10"),
    "credential_id": Named("key", "f" * 16),
    "cursor": Named("cursor", "bm9ib2R5"),
    "date_order": Plain("ymd"),
    "diff from": Plain("1"),
    "diff to": Plain("2"),
    "dry_run": Plain("false", always=True),
    "encoding": Plain("utf-8"),
    "entity": Plain("procedure"),
    "entity_id": Named("procedure", NOBODY),
    "event": Plain("procedure.booked"),
    "from": Plain("2026-12-01"),
    "lang": Plain("es"),
    "limit": Plain("2"),
    "months": Plain("1", always=True),
    "outcome": Plain("0"),
    "patient_id": Named("patient one", NOBODY),
    "person": Named("person", "nobodys-name"),
    "preview": Plain("true"),
    "protocol": Named("slug", "nobodys-peel"),
    "reference": Named("reference one", "nobodys-reference"),
    "remember": Plain("false"),
    "sheet": Plain("Bookings"),
    "standing": Plain("blocked,at-risk,waiting,on-track,ready,past"),
    "texts": Plain("true"),
    "to": Plain("2026-12-31"),
    "within_days": Plain("700", always=True),
}
HEADER: Mapping[str, Place] = {
    "if-match": Named("etag", '"98765.2026-12-10.en.staff"'),
    "if-none-match": Named("etag", '"98765.2026-12-10.en.staff"'),
    "idempotency-key": Named("idempotency key", "nobodys-key"),
}
PLAIN = """
    accept active address answers at backdated birth_date calendar_titles chase_days closing_days columns
    confirm contact content count country date_order decision drop_old_secret email encoding event events expires_at
    expires_in_days exposures fixed for from holidays kept_since kind language last_used_on messages
    most_messages name new_secret not_before note on on_behalf_of open options origins patient patient_url person
    phone plain_subjects portal_birth_date prescribed procedures products protocols quiet reason region reject
    remember remind_at reminders retention_months role scopes sender sheet sms state step stopped_on text
    time_zone to to_at to_on token url version
"""
"""The fields of bodies that name nothing of a clinic."""
# By the last names of the field; the longest that fits counts.
BODY: Mapping[str, Place] = {
    "file": Named("reference one", "nobodys-reference", refusals=frozenset({409, 422})),
    "patient_id": Named("patient one", NOBODY, instead_of="patient"),
    "procedure_id": Named("procedure", NOBODY),
    "reference": Named("reference one", "nobodys-reference", refusals=frozenset({409})),
    "protocol": Named("slug", "nobodys-peel"),
    "procedures.id": Named("older procedure", NOBODY),
} | dict.fromkeys(PLAIN.split(), Plain())
# Sent along although no operation has them: the clinic comes from the credential and from nowhere else.
SMUGGLED = {
    "clinic_id": "clinic",
    "clinic": "clinic",
    "tenant_id": "clinic",
    "patient_id": "patient one",
    "procedure_id": "procedure",
}
SMUGGLED_HEADERS = ("x-clinic-id", "clinic-id", "x-clinic", "x-tenant-id", "x-patient-id", "x-forwarded-user")


# Bodies that are accepted: the example of the document, unless it does not fit what the clinics have.


def _peel(clinic: Clinic) -> bytes:
    return PEEL.format(slug=clinic.slug, title="Draft", days=35).encode()


def _booking(_: Clinic) -> Json:
    patient = {"reference": "new", "name": "New", "language": "en"}
    return {"patient": patient, "protocol": "laser-resurfacing", "on": "2026-12-18"}


NEW = "a-new-number"
"""In a file: what stands there instead of a number that somebody has already."""


def _file(clinic: Clinic) -> bytes:
    """Name the same patient and booking by one number, so that a foreign one is foreign twice."""
    return f"Booking no.,Patient no.,Name,Date,Treatment\n{NEW},{NEW},New,2026-12-18,{clinic.slug}\n".encode()


BODIES: Mapping[str, Callable[[Clinic], Json]] = {
    "answers": lambda _: {"cold-sores": True},
    "application/yaml": _peel,
    "text/csv": _file,
    "SessionIn": lambda clinic: {"procedure_id": clinic.things["procedure"]},
    "ProcedureIn": _booking,
    "EventIn": lambda _: {"event": "healed", "on": "2026-12-09"},
    "PatientIn": lambda _: {"reference": "new", "name": "New", "language": "en"},
    "PatientChangeIn": lambda _: {"email": "new@example.org", "reference": "new"},
    "FeasibilityIn": lambda _: {"protocol": "laser-resurfacing", "count": 2},
    "MigrationsIn": lambda clinic: {
        "version": 2,
        "procedures": [{"id": clinic.things["older procedure"], "version": int(clinic.things["older version"])}],
    },
}
"""By the last part of the path, by the schema, or by the kind of content."""


def _schema(told: Json) -> str:
    """Name the schema of a body, also of one that may be left out."""
    found = [told["schema"], *told["schema"].get("anyOf", ())]
    return next((one["$ref"].rpartition("/")[2] for one in found if "$ref" in one), "")


def body_of(operation: Operation, clinic: Clinic) -> tuple[Json, str]:
    """Give a body that is accepted, and its kind; None where there is none."""
    for kind, told in operation.told.get("requestBody", {}).get("content", {}).items():
        made = BODIES.get(operation.path.rpartition("/")[2], BODIES.get(_schema(told) or kind))
        if made is not None or kind == "application/json":
            return (told["example"] if made is None else made(clinic)), kind
    return None, "application/json"


def in_path(operation: Operation, name: str) -> Place | None:
    """Find the line for a parameter in the path."""
    part = f"{{{name}}}"
    fitting = [key for key in PATH if part in key and f"/{key}/" in f"{operation.path}/"]
    return PATH[max(fitting, key=len)] if fitting else None


def in_body(field: str) -> Place | None:
    """Find the line for a field of a body."""
    parts = field.split(".")
    tails = [".".join(parts[start:]) for start in range(len(parts))]
    return next((BODY[tail] for tail in tails if tail in BODY), None)


def place_of(operation: Operation, where: str, name: str) -> Place | None:
    """Find the line for a parameter or a field."""
    match where:
        case "path":
            return in_path(operation, name)
        case "query":
            return QUERY.get(f"{operation.path.rpartition('/')[2]} {name}", QUERY.get(name))
        case "header":
            return HEADER.get(name)
    return in_body(name)


def places(operation: Operation) -> list[tuple[str, str]]:
    """List every parameter and every field of the body, with where it stands."""
    found = [(parameter["in"], parameter["name"]) for parameter in operation.told.get("parameters", ())]
    for told in operation.told.get("requestBody", {}).get("content", {}).values():
        found += [("body", name) for name in sorted(set(fields(told["schema"])))]
    return found


def fields(schema: Json, at: tuple[str, ...] = (), seen: tuple[str, ...] = ()) -> Iterator[str]:
    """Yield the names of the fields of a schema, those inside others with dots."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        if name not in seen:
            yield from fields(document()["components"]["schemas"][name], at, (*seen, name))
        return
    for part in (*schema.get("anyOf", ()), *schema.get("oneOf", ()), *schema.get("allOf", ())):
        yield from fields(part, at, seen)
    if isinstance(schema.get("items"), dict):
        yield from fields(schema["items"], at, seen)
    for name, inner in schema.get("properties", {}).items():
        yield ".".join((*at, name))
        yield from fields(inner, (*at, name), seen)


def unknown(operation: Operation) -> list[str]:
    """Name what an operation takes and no table has a line for."""
    return [f"{where} {name}" for where, name in places(operation) if place_of(operation, where, name) is None]
