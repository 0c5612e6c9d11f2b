"""Show the schema on one page. What belongs to a clinic has the clinic in its keys, so that no row can cross over.

Days are DATE, instants UTC, JSON is text. On SQLite most tables have no row ids: each is one tree, so that a commit
writes fewer pages. Only entries are the record; the days on ``procedures`` are computed from
them and kept for the worklist. Migrations write the same by hand; a test holds the two equal.
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
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from prep_tracker.store.types import Id, Instant, Json, Number

METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

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

keys = Table(
    "keys",
    METADATA,
    Column("id", String(36), primary_key=True),
    Column("clinic_id", Id, nullable=False),
    Column("role", String(16), nullable=False),
    Column("scopes", Json, nullable=False),
    Column("person", Text, nullable=False),
    Column("secret_hash", String(64), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant),
    Column("revoked_at", Instant),
    Column("last_used_at", Instant),
    ForeignKeyConstraint(["clinic_id"], ["clinics.id"]),
)
Index("ix_keys_clinic", keys.c.clinic_id)

identity_providers = Table(
    "identity_providers",
    METADATA,
    Column("clinic_id", Id, primary_key=True),
    Column("issuer", Text, nullable=False),
    Column("audience", Text, nullable=False),
    Column("client_id", Text),
    Column("settings", Json, nullable=False),
    Column("created_at", Instant, nullable=False),
    UniqueConstraint("issuer", "audience"),  # a token names these two, and they name the clinic
    ForeignKeyConstraint(["clinic_id"], ["clinics.id"]),
)

# Written with every change, so it has few indexes. No foreign keys: a line outlives whatever it speaks of. Without a
# clinic: nobody knows whose the credential was.
audit = Table(
    "audit",
    METADATA,
    Column("id", Number, primary_key=True, autoincrement=True),
    Column("clinic_id", Id),
    Column("at", Instant, nullable=False),
    Column("actor_role", String(16), nullable=False),
    Column("credential_id", Text, nullable=False),
    Column("person", Text, nullable=False),
    Column("on_behalf_of", Text),
    Column("action", String(1), nullable=False),
    Column("event", Text, nullable=False),
    Column("entity", String(32), nullable=False),
    Column("entity_id", Text),
    Column("patient_id", Id),
    Column("outcome", Integer, nullable=False),
    Column("request_id", Text),
    Column("seen", Json),  # of a list: the ids of those whose data it showed
    Column("seal", Integer),  # the number of the seal that covers the line; not covered yet: NULL
    CheckConstraint("action IN ('C', 'R', 'U', 'D', 'E')", name="action"),
)
Index("ix_audit_clinic", audit.c.clinic_id, audit.c.id)
UNSEALED = text("seal IS NULL")
Index("ix_audit_unsealed", audit.c.clinic_id, audit.c.id, sqlite_where=UNSEALED, postgresql_where=UNSEALED)

# Each seal covers its lines and the seal before it. Lines without a clinic are sealed under an empty one.
audit_seals = Table(
    "audit_seals",
    METADATA,
    Column("clinic_id", Id, nullable=False),
    Column("number", Integer, nullable=False),
    Column("sealed_at", Instant, nullable=False),
    Column("lines", Integer, nullable=False),
    Column("hash", String(64), nullable=False),
    PrimaryKeyConstraint("clinic_id", "number"),
    sqlite_with_rowid=False,
)

idempotency = Table(
    "idempotency",
    METADATA,
    Column("clinic_id", Id, nullable=False),
    Column("credential_id", Text, nullable=False),
    Column("route", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("fingerprint", String(64), nullable=False),
    Column("status", Integer),
    Column("headers", Json),
    Column("body", LargeBinary),
    Column("created_at", Instant, nullable=False),
    PrimaryKeyConstraint("clinic_id", "credential_id", "route", "key"),
    ForeignKeyConstraint(["clinic_id"], ["clinics.id"]),
    sqlite_with_rowid=False,
)
Index("ix_idempotency_created", idempotency.c.created_at)
