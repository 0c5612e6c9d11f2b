"""Show the schema on one page. What belongs to a clinic has the clinic in its keys, so that no row can cross over.

Days are DATE, instants UTC, JSON is text. On SQLite most tables have no row ids: each is one tree, so that a commit
writes fewer pages. Only entries are the record; the days on ``procedures`` are computed from them and kept for the
worklist. Who may come in, and what they did, stands beside, in ``access_tables``; what is to be sent in
``message_tables``. Migrations write the same by hand; a test holds the two equal.
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

from prep_tracker.store.access_tables import (
    UNSEALED,
    audit,
    audit_seals,
    calendar_feeds,
    idempotency,
    identity_providers,
    keys,
    portal_links,
    portal_sessions,
    staff_sessions,
)
from prep_tracker.store.message_tables import FAILED, PLANNED, messages, webhook_endpoints
from prep_tracker.store.metadata import METADATA
from prep_tracker.store.types import Id, Instant, Json

__all__ = [
    "ATTENDED",
    "BOOKED",
    "FAILED",
    "METADATA",
    "PLANNED",
    "REFERENCED",
    "SHIPPED",
    "UNSEALED",
    "audit",
    "audit_seals",
    "calendar_feeds",
    "clinics",
    "entries",
    "idempotency",
    "identity_providers",
    "keys",
    "messages",
    "patients",
    "portal_links",
    "portal_sessions",
    "procedures",
    "protocol_versions",
    "staff_sessions",
    "webhook_endpoints",
]

clinics = Table(
    "clinics",
    METADATA,
    Column("id", Id, primary_key=True),
    Column("name", Text, nullable=False),
    Column("time_zone", String(64), nullable=False),
    Column("settings", Json, nullable=False),
    Column("is_demo", Boolean, nullable=False),
    Column("created_at", Instant, nullable=False),
)

patients = Table(
    "patients",
    METADATA,
    Column("clinic_id", Id, nullable=False),
    Column("id", Id, nullable=False),
    Column("reference", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("language", String(16), nullable=False),
    Column("birth_date", Date),
    Column("time_zone", String(64)),
    Column("email", Text),
    Column("phone", Text),
    Column("messages", Json, nullable=False),
    Column("version", Integer, nullable=False),
    Column("erased_at", Instant),
    Column("created_at", Instant, nullable=False),
    PrimaryKeyConstraint("clinic_id", "id"),
    UniqueConstraint("clinic_id", "reference"),
    ForeignKeyConstraint(["clinic_id"], ["clinics.id"]),
    sqlite_with_rowid=False,
)

# Without a clinic: shipped with the service, for all clinics. NULLs never clash, so these have a key of their own.
protocol_versions = Table(
    "protocol_versions",
    METADATA,
    Column("id", Id, primary_key=True),
    Column("clinic_id", Id),
    Column("slug", String(64), nullable=False),
    Column("number", Integer, nullable=False),
    Column("status", String(16), nullable=False),
    Column("content", Text, nullable=False),
    Column("content_hash", String(64), nullable=False),
    Column("created_by", Text, nullable=False),
    Column("published_by", Text),
    Column("created_at", Instant, nullable=False),
    Column("published_at", Instant),
    UniqueConstraint("clinic_id", "slug", "number"),
    ForeignKeyConstraint(["clinic_id"], ["clinics.id"]),
    CheckConstraint("status IN ('draft', 'published', 'retired')", name="status"),
    CheckConstraint("number >= 1", name="number"),
)
SHIPPED = text("clinic_id IS NULL")
Index(
    "uq_protocol_versions_shipped",
    protocol_versions.c.slug,
    protocol_versions.c.number,
    unique=True,
    sqlite_where=SHIPPED,
    postgresql_where=SHIPPED,
)

procedures = Table(
    "procedures",
    METADATA,
    Column("clinic_id", Id, nullable=False),
    Column("id", Id, nullable=False),
    Column("patient_id", Id, nullable=False),
    Column("protocol_slug", String(64), nullable=False),
    Column("protocol_number", Integer, nullable=False),
    Column("version", Integer, nullable=False),
    Column("booking_reference", Text),
    Column("procedure_on", Date, nullable=False),
    Column("start", String(5)),
    Column("booked_on", Date, nullable=False),
    Column("waiting_on", Date),
    Column("at_risk_on", Date),
    Column("blocked_on", Date),
    Column("ready", Boolean, nullable=False),
    Column("act_by", Date),
    Column("ended", String(16)),
    Column("clearance_void", Boolean, nullable=False),
    Column("attend_at", Instant),
    Column("created_at", Instant, nullable=False),
    PrimaryKeyConstraint("clinic_id", "id"),
    ForeignKeyConstraint(["clinic_id", "patient_id"], ["patients.clinic_id", "patients.id"]),
    CheckConstraint("ended IN ('cancelled', 'completed', 'no-show')", name="ended"),
    CheckConstraint("version >= 1", name="version"),
    sqlite_with_rowid=False,
    postgresql_with={"fillfactor": 90},  # room beside each row, so that a changed version stays on its page
)
BOOKED = text("ended IS NULL")
"""Still to come or undecided. Queries repeat it word for word: with a bound value PostgreSQL leaves the index aside."""
REFERENCED = text("booking_reference IS NOT NULL")
Index(
    "uq_procedures_booking_reference",
    procedures.c.clinic_id,
    procedures.c.booking_reference,
    unique=True,
    sqlite_where=REFERENCED,
    postgresql_where=REFERENCED,
)
ATTENDED = text("attend_at IS NOT NULL")
"""The service has something to do about it by itself, at that instant."""
Index("ix_procedures_attend", procedures.c.attend_at, sqlite_where=ATTENDED, postgresql_where=ATTENDED)
Index("ix_procedures_patient", procedures.c.clinic_id, procedures.c.patient_id)
Index(
    "ix_procedures_worklist",
    procedures.c.clinic_id,
    procedures.c.procedure_on,
    procedures.c.id,
    sqlite_where=BOOKED,
    postgresql_where=BOOKED,
)
Index(
    "ix_procedures_urgent",
    procedures.c.clinic_id,
    procedures.c.act_by,
    procedures.c.procedure_on,
    procedures.c.id,
    sqlite_where=BOOKED,
    postgresql_where=BOOKED,
)

entries = Table(
    "entries",
    METADATA,
    Column("clinic_id", Id, nullable=False),
    Column("procedure_id", Id, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("kind", String(32), nullable=False),
    Column("said_on", Date, nullable=False),
    Column("at", Instant, nullable=False),
    Column("body", Text, nullable=False),
    PrimaryKeyConstraint("procedure_id", "seq"),
    ForeignKeyConstraint(["clinic_id", "procedure_id"], ["procedures.clinic_id", "procedures.id"]),
    CheckConstraint("seq >= 1", name="seq"),
    sqlite_with_rowid=False,  # a procedure's entries lie side by side
)
