"""The same checklist the way that tutorials teach it: FastAPI with ``def`` endpoints, an ORM, and a row for every item.

It does less than the service: no timelines, no standing, no earliest day, no audit, no ETag; items do not follow when
the day moves. It is here to be measured, and to show what the other way costs.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Annotated, Any
from uuid import uuid4

from fastapi import APIRouter, Depends, FastAPI, Header, HTTPException, Request
from pydantic import BaseModel, ConfigDict
from sqlalchemy import ForeignKey, create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship, sessionmaker

from prep_tracker.catalog import protocol
from prep_tracker.clock import SystemClock
from prep_tracker.domain.protocol import Avoid

TOKEN = "tutorial"  # noqa: S105 - the key of an app that nobody but the benchmark can reach
ZONE = "Europe/Amsterdam"


class Base(DeclarativeBase):
    """What all tables share."""


class Key(Base):
    """An API key."""

    __tablename__ = "keys"
    id: Mapped[int] = mapped_column(primary_key=True)
    secret_hash: Mapped[str] = mapped_column(unique=True)
    person: Mapped[str]


class Patient(Base):
    """A patient."""

    __tablename__ = "patients"
    id: Mapped[str] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    language: Mapped[str]


class Procedure(Base):
    """A booked procedure with its items."""

    __tablename__ = "procedures"
    id: Mapped[str] = mapped_column(primary_key=True)
    patient_id: Mapped[str] = mapped_column(ForeignKey("patients.id"), index=True)
    protocol: Mapped[str]
    on: Mapped[date] = mapped_column(index=True)
    at: Mapped[str | None]
    time_zone: Mapped[str]
    patient: Mapped[Patient] = relationship()
    items: Mapped[list[Item]] = relationship(order_by="Item.place")


class Item(Base):
    """One step of one procedure, copied from the protocol when it was booked."""

    __tablename__ = "items"
    id: Mapped[int] = mapped_column(primary_key=True)
    procedure_id: Mapped[str] = mapped_column(ForeignKey("procedures.id"), index=True)
    place: Mapped[int]
    step: Mapped[str]
    kind: Mapped[str]
    title: Mapped[str]
    detail: Mapped[str | None]
    severity: Mapped[str]
    opens_on: Mapped[date | None]
    due_on: Mapped[date | None]
    closes_on: Mapped[date | None]
    state: Mapped[str]
    why: Mapped[str]
    source: Mapped[str]
    marked_at: Mapped[datetime | None]
    marked_by: Mapped[str | None]


class Out(BaseModel):
    """An answer, read from a row."""

    model_config = ConfigDict(from_attributes=True)


class ItemOut(Out):
    """An item."""

    step: str
    kind: str
    title: str
    detail: str | None
    severity: str
    opens_on: date | None
    due_on: date | None
    closes_on: date | None
    state: str
    why: str
    source: str
    marked_at: datetime | None
    marked_by: str | None


class PatientOut(Out):
    """A patient."""

    id: str
    reference: str
    name: str
    language: str


class PatientIn(BaseModel):
    """A patient to be added."""

    reference: str
    name: str
    language: str = "en"


class ProcedureIn(BaseModel):
    """A booking."""

    patient: PatientIn
    protocol: str
    on: date
    at: str | None = None
    answers: dict[str, Any] = {}
    kept_since: dict[str, date | None] = {}


class ProcedureOut(Out):
    """A procedure with its patient."""

    id: str
    on: date
    at: str | None
    time_zone: str
    protocol: str
    patient: PatientOut


class ChecklistOut(ProcedureOut):
    """A procedure with its items."""

    items: list[ItemOut]


class MarkIn(BaseModel):
    """What is done."""

    step: str
    kind: str
    on: date | None = None


class WorklistOut(BaseModel):
    """A page of procedures."""

    items: list[ProcedureOut]


def create_tutorial(url: str) -> FastAPI:
    """Make the app and its tables on a SQLite file."""
    engine = create_engine(url, connect_args={"check_same_thread": False})
    Base.metadata.create_all(engine)
    app = FastAPI()
    app.include_router(router)
    app.state.sessions = sessionmaker(engine)
    with app.state.sessions() as session:
        session.add(Key(secret_hash=_hash(TOKEN), person="Ana"))
        session.commit()
    return app


def get_session(request: Request) -> Iterator[Session]:
    """Open a session for a request."""
    with request.app.state.sessions() as session:
        yield session


SessionDep = Annotated[Session, Depends(get_session)]


def get_key(session: SessionDep, authorization: Annotated[str, Header()]) -> Key:
    """Know the caller."""
    token = authorization.removeprefix("Bearer ")
    key = session.scalars(select(Key).where(Key.secret_hash == _hash(token))).first()
    if key is None:
        raise HTTPException(401)
    return key


KeyDep = Annotated[Key, Depends(get_key)]


def get_procedure(session: SessionDep, _: KeyDep, procedure_id: str) -> Procedure:
    """Find the procedure that the path names."""
    procedure = session.get(Procedure, procedure_id)
    if procedure is None:
        raise HTTPException(404)
    return procedure


ProcedureDep = Annotated[Procedure, Depends(get_procedure)]
router = APIRouter(prefix="/v1")


@router.post("/procedures", status_code=201, response_model=ProcedureOut)
def book(body: ProcedureIn, session: SessionDep, _: KeyDep) -> Procedure:
    """Book a procedure, with a row for each of its items."""
    patient = session.scalars(select(Patient).where(Patient.reference == body.patient.reference)).first()
    if patient is None:
        patient = Patient(id=str(uuid4()), **body.patient.model_dump())
        session.add(patient)
    procedure = Procedure(
        id=str(uuid4()), patient=patient, protocol=body.protocol, on=body.on, at=body.at, time_zone=ZONE
    )
    procedure.items = _items(body)
    session.add(procedure)
    session.commit()
    session.refresh(procedure)
    return procedure


@router.get("/procedures/{procedure_id}/checklist", response_model=ChecklistOut)  # noqa: FAST003 - see get_procedure
def get_checklist(procedure: ProcedureDep) -> Procedure:
    """Read a procedure with its items."""
    return procedure


@router.post("/procedures/{procedure_id}/marks", status_code=201, response_model=ItemOut)  # noqa: FAST003
def mark(body: MarkIn, procedure: ProcedureDep, session: SessionDep, key: KeyDep) -> Item:
    """Mark an item."""
    item = next((item for item in procedure.items if item.step == body.step), None)
    if item is None:
        raise HTTPException(422)
    item.state, item.marked_at, item.marked_by = body.kind, SystemClock().now(), key.person
    session.commit()
    session.refresh(item)
    return item


@router.get("/worklist", response_model=WorklistOut)
def get_worklist(session: SessionDep, _: KeyDep, limit: int = 50, offset: int = 0) -> dict[str, list[Procedure]]:
    """List the next procedures with their patients."""
    ordered = select(Procedure).order_by(Procedure.on).offset(offset).limit(limit)
    return {"items": list(session.scalars(ordered))}


def _items(body: ProcedureIn) -> list[Item]:
    """Copy the steps of the protocol, with the days that they have now."""
    items = []
    for place, step in enumerate(protocol(body.protocol).steps):
        days = step.days_before.days if isinstance(step, Avoid) and step.days_before else 0
        after = step.days_after.days if isinstance(step, Avoid) and step.days_after else 0
        items.append(
            Item(
                place=place,
                step=step.id,
                kind=step.kind,
                title=step.title["en"],
                detail=step.detail["en"] if step.detail else None,
                severity=step.severity,
                opens_on=body.on - timedelta(days=days),
                due_on=body.on,
                closes_on=body.on + timedelta(days=after),
                state="open" if step.id in body.kept_since else "unknown",
                why=f"{days} days before {body.on}",
                source=step.source,
            )
        )
    return items


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
