"""Show the tables of who may come in, what they did, and what was answered: the second half of the schema.

Of every secret only the hash is kept. Lines of the audit are only ever added.
"""

from __future__ import annotations

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from prep_tracker.store.metadata import METADATA
from prep_tracker.store.types import Id, Instant, Json, Number

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
Index("ix_audit_clinic", audit.c.clinic_id, audit.c.at, audit.c.id)
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

HASH = String(64)
OF_PROCEDURE = (["clinic_id", "procedure_id"], ["procedures.clinic_id", "procedures.id"])

staff_sessions = Table(
    "staff_sessions",
    METADATA,
    Column("token_hash", HASH, primary_key=True),
    Column("clinic_id", Id, nullable=False),
    Column("role", String(16), nullable=False),
    Column("person", Text, nullable=False),
    Column("credential_id", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
    Column("ends_at", Instant, nullable=False),
    ForeignKeyConstraint(["clinic_id"], ["clinics.id"]),
    sqlite_with_rowid=False,
)

portal_links = Table(
    "portal_links",
    METADATA,
    Column("token_hash", HASH, primary_key=True),
    Column("clinic_id", Id, nullable=False),
    Column("procedure_id", Id, nullable=False),
    Column("holder", String(8), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("used_at", Instant),
    Column("tries", Integer, nullable=False),
    ForeignKeyConstraint(*OF_PROCEDURE),
    CheckConstraint("holder IN ('patient', 'carer')", name="holder"),
    sqlite_with_rowid=False,
)
Index("ix_portal_links_procedure", portal_links.c.clinic_id, portal_links.c.procedure_id)

portal_sessions = Table(
    "portal_sessions",
    METADATA,
    Column("token_hash", HASH, primary_key=True),
    Column("id", String(16), nullable=False),
    Column("clinic_id", Id, nullable=False),
    Column("procedure_id", Id, nullable=False),
    Column("patient_id", Id, nullable=False),
    Column("holder", String(8), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("revoked_at", Instant),
    ForeignKeyConstraint(*OF_PROCEDURE),
    CheckConstraint("holder IN ('patient', 'carer')", name="holder"),
    sqlite_with_rowid=False,
)
Index("ix_portal_sessions_procedure", portal_sessions.c.clinic_id, portal_sessions.c.procedure_id)

calendar_feeds = Table(
    "calendar_feeds",
    METADATA,
    Column("secret_hash", HASH, primary_key=True),
    Column("clinic_id", Id, nullable=False),
    Column("procedure_id", Id, nullable=False),
    Column("language", String(16), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("revoked_at", Instant),
    ForeignKeyConstraint(*OF_PROCEDURE),
    sqlite_with_rowid=False,
)
Index("ix_calendar_feeds_procedure", calendar_feeds.c.clinic_id, calendar_feeds.c.procedure_id)
