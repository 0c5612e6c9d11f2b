"""Show the tables of what is to be sent: one outbox for messages to patients and for webhooks.

A row is planned, then sent, failed or dropped. Rows of one ``lane``, which is one procedure and one place to send to,
go out in the order of their numbers. Addresses of patients never stand here: they are looked up when it is sent.
"""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKeyConstraint,
    Index,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from prep_tracker.store.metadata import METADATA
from prep_tracker.store.types import Id, Instant, Json, Number

messages = Table(
    "messages",
    METADATA,
    Column("number", Number, primary_key=True, autoincrement=True),
    Column("clinic_id", Id, nullable=False),
    Column("id", Id, nullable=False),
    Column("procedure_id", Id),  # a test goes to nobody's procedure
    Column("topic", String(32), nullable=False),
    Column("channel", String(8), nullable=False),  # patient: a reminder for which there is no way to send it
    Column("endpoint_id", Id),  # no foreign key: what was sent stays when an endpoint is taken away
    Column("lane", String(80)),
    Column("day", Date),  # of a reminder: the civil day for which it is
    Column("body", Json, nullable=False),
    Column("status", String(8), nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("not_after", Instant),
    Column("attempts", Integer, nullable=False),
    Column("lease_until", Instant),
    Column("lease_token", Id),
    Column("reason", Text),
    Column("history", Json, nullable=False),  # one line an attempt
    Column("created_at", Instant, nullable=False),
    Column("settled_at", Instant),
    Column("waits_for", Number),  # an earlier one of its lane, behind which a claim has found it
    CheckConstraint("channel IN ('patient', 'email', 'sms', 'webhook')", name="channel"),
    CheckConstraint("status IN ('planned', 'sent', 'failed', 'dropped')", name="status"),
    ForeignKeyConstraint(["clinic_id"], ["clinics.id"]),
    ForeignKeyConstraint(["clinic_id", "procedure_id"], ["procedures.clinic_id", "procedures.id"]),
    UniqueConstraint("clinic_id", "id"),
    postgresql_with={"fillfactor": 80},  # every row is changed at least twice
)
PLANNED, FAILED = text("status = 'planned'"), text("status = 'failed'")
"""Queries repeat them word for word: with a bound value PostgreSQL leaves the index aside."""
IN_TURN = text("status = 'planned' AND waits_for IS NULL")
"""What a claim has to look at: however much waits behind others, it is not there."""
TO_ENDPOINT = text("endpoint_id IS NOT NULL")
Index("ix_messages_due", messages.c.due_at, messages.c.number, sqlite_where=IN_TURN, postgresql_where=IN_TURN)
Index("ix_messages_lane", messages.c.lane, messages.c.number, sqlite_where=PLANNED, postgresql_where=PLANNED)
Index(
    "ix_messages_failed",
    messages.c.clinic_id,
    messages.c.procedure_id,
    sqlite_where=FAILED,
    postgresql_where=FAILED,
)
Index("ix_messages_procedure", messages.c.clinic_id, messages.c.procedure_id, messages.c.number)
Index(
    "ix_messages_endpoint",
    messages.c.clinic_id,
    messages.c.endpoint_id,
    messages.c.number,
    sqlite_where=TO_ENDPOINT,
    postgresql_where=TO_ENDPOINT,
)

webhook_endpoints = Table(
    "webhook_endpoints",
    METADATA,
    Column("clinic_id", Id, nullable=False),
    Column("id", Id, nullable=False),
    Column("url", Text, nullable=False),
    Column("events", Json, nullable=False),
    Column("content", String(8), nullable=False),  # ids, or full: what the clinic has cleared it for
    Column("secrets", Json, nullable=False),  # newest first; a signature needs them as they are
    Column("active", Boolean, nullable=False),
    Column("disabled_reason", Text),
    Column("created_at", Instant, nullable=False),
    Column("version", Integer, nullable=False),
    PrimaryKeyConstraint("clinic_id", "id"),
    CheckConstraint("content IN ('ids', 'full')", name="content"),
    ForeignKeyConstraint(["clinic_id"], ["clinics.id"]),
    sqlite_with_rowid=False,
)
