"""Create the schema."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

ID = sa.String(36)
INSTANT = sa.DateTime(timezone=True)
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def where(condition: str) -> dict[str, Any]:
    """Limit an index to some rows, on both databases."""
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}


BOOKED = where("ended IS NULL")
REFERENCED = where("booking_reference IS NOT NULL")
SHIPPED = where("clinic_id IS NULL")


def upgrade() -> None:
    """Create the tables, parents first."""
    op.create_table(
        "clinics",
        sa.Column("id", ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("time_zone", sa.String(64), nullable=False),
        sa.Column("settings", sa.Text(), nullable=False),
        sa.Column("is_demo", sa.Boolean(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_clinics"),
    )
    op.create_table(
        "patients",
        sa.Column("clinic_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("language", sa.String(16), nullable=False),
        sa.Column("birth_date", sa.Date()),
        sa.Column("time_zone", sa.String(64)),
        sa.Column("email", sa.Text()),
        sa.Column("phone", sa.Text()),
        sa.Column("messages", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("erased_at", INSTANT),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name="fk_patients_clinics"),
        sa.PrimaryKeyConstraint("clinic_id", "id", name="pk_patients"),
        sa.UniqueConstraint("clinic_id", "reference", name="uq_patients_clinic_id_reference"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "protocol_versions",
        sa.Column("id", ID, nullable=False),
        sa.Column("clinic_id", ID),
        sa.Column("slug", sa.String(64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("content_hash", sa.String(64), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("published_by", sa.Text()),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("published_at", INSTANT),
        sa.CheckConstraint("status IN ('draft', 'published', 'retired')", name="ck_protocol_versions_status"),
        sa.CheckConstraint("number >= 1", name="ck_protocol_versions_number"),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name="fk_protocol_versions_clinics"),
        sa.PrimaryKeyConstraint("id", name="pk_protocol_versions"),
        sa.UniqueConstraint("clinic_id", "slug", "number", name="uq_protocol_versions_clinic_id_slug_number"),
    )
    op.create_index("uq_protocol_versions_shipped", "protocol_versions", ["slug", "number"], unique=True, **SHIPPED)
    op.create_table(
        "procedures",
        sa.Column("clinic_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("patient_id", ID, nullable=False),
        sa.Column("protocol_slug", sa.String(64), nullable=False),
        sa.Column("protocol_number", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("booking_reference", sa.Text()),
        sa.Column("procedure_on", sa.Date(), nullable=False),
        sa.Column("start", sa.String(5)),
        sa.Column("booked_on", sa.Date(), nullable=False),
        sa.Column("waiting_on", sa.Date()),
        sa.Column("at_risk_on", sa.Date()),
        sa.Column("blocked_on", sa.Date()),
        sa.Column("ready", sa.Boolean(), nullable=False),
        sa.Column("act_by", sa.Date()),
        sa.Column("ended", sa.String(16)),
        sa.Column("clearance_void", sa.Boolean(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.CheckConstraint("ended IN ('cancelled', 'completed', 'no-show')", name="ck_procedures_ended"),
        sa.CheckConstraint("version >= 1", name="ck_procedures_version"),
        sa.ForeignKeyConstraint(
            ["clinic_id", "patient_id"], ["patients.clinic_id", "patients.id"], name="fk_procedures_patients"
        ),
        sa.PrimaryKeyConstraint("clinic_id", "id", name="pk_procedures"),
        sqlite_with_rowid=False,
        postgresql_with={"fillfactor": 90},
    )
    op.create_index(
        "uq_procedures_booking_reference",
        "procedures",
        ["clinic_id", "booking_reference"],
        unique=True,
        **REFERENCED,
    )
    op.create_index("ix_procedures_patient", "procedures", ["clinic_id", "patient_id"])
    op.create_index("ix_procedures_urgent", "procedures", ["clinic_id", "act_by", "procedure_on", "id"], **BOOKED)
    op.create_index("ix_procedures_worklist", "procedures", ["clinic_id", "procedure_on", "id"], **BOOKED)
    op.create_table(
        "entries",
        sa.Column("clinic_id", ID, nullable=False),
        sa.Column("procedure_id", ID, nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("said_on", sa.Date(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.CheckConstraint("seq >= 1", name="ck_entries_seq"),
        sa.ForeignKeyConstraint(
            ["clinic_id", "procedure_id"], ["procedures.clinic_id", "procedures.id"], name="fk_entries_procedures"
        ),
        sa.PrimaryKeyConstraint("procedure_id", "seq", name="pk_entries"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "keys",
        sa.Column("id", ID, nullable=False),
        sa.Column("clinic_id", ID, nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("secret_hash", sa.String(64), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT),
        sa.Column("revoked_at", INSTANT),
        sa.Column("last_used_at", INSTANT),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name="fk_keys_clinics"),
        sa.PrimaryKeyConstraint("id", name="pk_keys"),
    )
    op.create_index("ix_keys_clinic", "keys", ["clinic_id"])
    op.create_table(
        "audit",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        sa.Column("clinic_id", ID),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("actor_role", sa.String(16), nullable=False),
        sa.Column("credential_id", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("on_behalf_of", sa.Text()),
        sa.Column("action", sa.String(1), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("entity", sa.String(32), nullable=False),
        sa.Column("entity_id", sa.Text()),
        sa.Column("patient_id", ID),
        sa.Column("outcome", sa.Integer(), nullable=False),
        sa.Column("request_id", sa.Text()),
        sa.CheckConstraint("action IN ('C', 'R', 'U', 'D', 'E')", name="ck_audit_action"),
        sa.PrimaryKeyConstraint("id", name="pk_audit"),
    )
    op.create_index("ix_audit_clinic", "audit", ["clinic_id", "id"])
    op.create_table(
        "idempotency",
        sa.Column("clinic_id", ID, nullable=False),
        sa.Column("credential_id", sa.Text(), nullable=False),
        sa.Column("route", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("status", sa.Integer()),
        sa.Column("headers", sa.Text()),
        sa.Column("body", sa.LargeBinary()),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name="fk_idempotency_clinics"),
        sa.PrimaryKeyConstraint("clinic_id", "credential_id", "route", "key", name="pk_idempotency"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_idempotency_created", "idempotency", ["created_at"])


def downgrade() -> None:
    """Drop the tables, children first."""
    for table in ("idempotency", "audit", "keys", "entries", "procedures", "protocol_versions", "patients", "clinics"):
        op.drop_table(table)
