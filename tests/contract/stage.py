"""Set the stage: two clinics with patients, bookings and drafts, so that most requests meet what is there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from prep_tracker.api.clinic_examples import DRAFT_AS_JSON
from prep_tracker.api.door import STAFF
from prep_tracker.api.limits import Limits
from prep_tracker.services.access import SCOPES, add_key
from prep_tracker.store.tables import METADATA
from tests.api.house import BIRCH, CAST, House, Json

if TYPE_CHECKING:
    from prep_tracker.store import Connection

PROTOCOLS = ("laser-ablative", "laser-fractional", "laser-nonablative", "laser-resurfacing")
OWN = "our-peel"
"""The protocol that each clinic writes itself."""
GATE = "pregnancy"
"""A gate of the protocols that have gates."""
TODAY = "2026-12-06"
"""A day on which all examples of the document are sound."""
BOOKINGS = (*((protocol, f"2026-12-{18 + n}") for n, protocol in enumerate(PROTOCOLS)), (PROTOCOLS[0], "2026-11-12"))
"""Protocols and days: the last one is past, so that what happens afterwards can be recorded."""
VISITORS = ("patient", "carer")
SPARE = 8


@dataclass(frozen=True, slots=True)
class Clinic:
    """A clinic: the keys of its people by role, the sessions of its patients, and the ids of what it has."""

    name: str
    keys: dict[str, str]
    patients: list[str] = field(default_factory=list)
    procedures: list[str] = field(default_factory=list)
    sessions: dict[str, dict[str, str]] = field(default_factory=lambda: {one: {} for one in VISITORS})
    """Tokens by who holds them and for which procedure."""
    webhooks: list[str] = field(default_factory=list)
    deliveries: list[str] = field(default_factory=list)
    spare: list[str] = field(default_factory=list)
    """Tokens of sessions that may end."""
    kept: set[str] = field(default_factory=set)
    """The ids of what is needed to the end: keys, patients, sessions."""

    def token_for(self, told: Mapping[str, Any], procedure: str | None, turn: int) -> str:
        """Give the token of somebody who may do an operation of the document: of all who may, in turn."""
        may = [*told.get("x-roles", STAFF), *(["integration"] if "x-scope" in told else [])]
        role = may[turn % len(may)]
        if role in self.sessions:
            held = self.sessions[role]
            return held.get(procedure or "") or list(held.values())[turn % len(held)]
        return self.keys[role]


def set_stage(house: House) -> tuple[Clinic, Clinic]:
    """Fill Aster and Birch. Nobody is told to wait, for the clock of the house stands still."""
    house.go_to(TODAY)
    house.app.state.limits = Limits(0, 0)
    return _clinic(house, "Aster"), _clinic(house, "Birch")


def settle(house: House) -> None:
    """Let everything that waits to be sent be sent, so that it can be sent once more."""
    table = METADATA.tables["messages"]
    house.store.run_write(lambda c: c.execute(table.update().values(status="sent", settled_at=house.clock.now())))


def message_of(house: House, procedure: str) -> str | None:
    """Give the id of a message about a procedure, or None when there is none."""
    table = METADATA.tables["messages"]
    query = select(table.c.id).where(table.c.procedure_id == procedure).order_by(table.c.number).limit(1)
    return house.store.run_read(lambda c: c.execute(query).scalar_one_or_none())


def version_of(house: House, procedure: str) -> int | None:
    """Give the version of a procedure, or None when there is none."""
    table = METADATA.tables["procedures"]
    query = select(table.c.version).where(table.c.id == procedure)
    return house.store.run_read(lambda c: c.execute(query).scalar_one_or_none())


def _clinic(house: House, name: str) -> Clinic:
    """Give a clinic patients with a booking, a product, a closed gate and sessions, and drafts of its own protocol."""
    people = CAST if name == "Aster" else BIRCH
    clinic = Clinic(name, {role: house.tokens[person] for person, role in people.items()})
    clinic.keys["integration"] = house.store.run_write(lambda c: _system(c, house, name))
    clinic.kept.update(token.split("_")[2] for token in clinic.keys.values())
    wanted = {"url": "https://clinic.example/hooks/prep", "events": ["procedure.booked"], "content": "ids"}
    clinic.webhooks.append(_post(house, clinic, "admin", "/v1/webhooks", wanted)["id"])
    # Birch only asks for what is Aster's.
    for number, (protocol, on) in enumerate(BOOKINGS if name == "Aster" else BOOKINGS[:1]):
        patient = {"reference": f"{name}-{number}", "name": f"Pia of {name}", "language": "en"}
        body = {"patient": patient, "protocol": protocol, "on": on, "at": "10:30", "backdated": True}
        booked = _post(house, clinic, "coordinator", "/v1/procedures", body)
        clinic.procedures.append(booked["id"])
        clinic.patients.append(booked["patient"]["id"])
        under = f"/v1/procedures/{booked['id']}"
        _post(house, clinic, "coordinator", f"{under}/products", {"text": "Differin gel", "kind": "skincare"})
        if protocol != "laser-resurfacing":
            _post(house, clinic, "coordinator", f"{under}/marks", {"step": GATE, "kind": "unsafe"})
        for holder in VISITORS:
            link = _post(house, clinic, "coordinator", f"{under}/portal-links", {"for": holder})
            token = link["url"].partition("#token=")[2]
            session = house.stranger().post("/v1/portal/sessions", {"token": token}).json()
            clinic.sessions[holder][booked["id"]] = session["access_token"]
        signed_in = house.caller(clinic.keys["admin"]).get(f"{under}/portal-sessions").json()["items"]
        clinic.kept.update(one["id"] for one in signed_in)
    sent = house.caller(clinic.keys["admin"]).get(f"/v1/webhooks/{clinic.webhooks[0]}/deliveries").json()["items"]
    clinic.deliveries.extend(one["id"] for one in sent)
    settle(house)
    clinic.kept.update([*clinic.patients, *clinic.webhooks])
    for role in ("clinician", "admin"):
        _post(house, clinic, role, f"/v1/protocols/{OWN}/drafts", DRAFT_AS_JSON)
    for _ in range(SPARE if name == "Aster" else 0):
        wanted = {"procedure_id": clinic.procedures[0]}
        clinic.spare.append(_post(house, clinic, "integration", "/v1/portal/sessions", wanted)["access_token"])
    return clinic


def _post(house: House, clinic: Clinic, role: str, path: str, body: Json) -> Json:
    answer = house.caller(clinic.keys[role]).post(path, body)
    assert answer.status_code == 201, answer.text
    made: Json = answer.json()
    return made


def _system(connection: Connection, house: House, name: str) -> str:
    where, now = house.clinics[name], house.clock.now()
    return add_key(connection, where, "integration", "Records", now=now, scopes=SCOPES).token
