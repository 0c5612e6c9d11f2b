"""Bind the service to one clinic at a time, seal the audit, and know the clinics' identity providers.

On PostgreSQL every table gets row-level security, forced for its owner too. Whoever works with the database says in
``prep.clinic``, for one transaction, which clinic it is for; a star stands for all, and nothing said for none.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

ID = sa.String(36)
INSTANT = sa.DateTime(timezone=True)
OWN = "clinic_id = current_setting('prep.clinic', true) OR current_setting('prep.clinic', true) = '*'"
TABLES = (
    "clinics",
    "patients",
    "protocol_versions",
    "procedures",
    "entries",
    "keys",
    "audit",
    "audit_seals",
    "idempotency",
    "identity_providers",
)
# On SQLite nobody has rights; a trigger at least keeps our own code, and a careless hand, from changing the audit.
TRIGGERS = {
    "audit_is_not_changed": "BEFORE UPDATE ON audit WHEN NOT ("
    + " AND ".join(
        f"NEW.{column} IS OLD.{column}"
        for column in (
            "id",
            "clinic_id",
            "at",
            "actor_role",
            "credential_id",
            "person",
            "on_behalf_of",
            "action",
            "event",
            "entity",
            "entity_id",
            "patient_id",
            "outcome",
            "request_id",
            "seen",
        )
    )
    + " AND OLD.seal IS NULL)",
    "audit_is_not_deleted": "BEFORE DELETE ON audit",
    "audit_seals_are_not_changed": "BEFORE UPDATE ON audit_seals",
    "audit_seals_are_not_deleted": "BEFORE DELETE ON audit_seals",
}


def upgrade() -> None:
    """Add the tables and columns, then the rules about who sees what."""
    op.add_column("audit", sa.Column("seen", sa.Text()))
    op.add_column("audit", sa.Column("seal", sa.Integer()))
    op.drop_index("ix_audit_clinic", table_name="audit")
    op.create_index("ix_audit_clinic", "audit", ["clinic_id", "at", "id"])
    unsealed = sa.text("seal IS NULL")
    op.create_index("ix_audit_unsealed", "audit", ["clinic_id", "id"], sqlite_where=unsealed, postgresql_where=unsealed)
    op.create_table(
        "audit_seals",
        sa.Column("clinic_id", ID, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("sealed_at", INSTANT, nullable=False),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("clinic_id", "number", name="pk_audit_seals"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "identity_providers",
        sa.Column("clinic_id", ID, nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("audience", sa.Text(), nullable=False),
        sa.Column("client_id", sa.Text()),
        sa.Column("settings", sa.Text(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name="fk_identity_providers_clinics"),
        sa.PrimaryKeyConstraint("clinic_id", name="pk_identity_providers"),
        sa.UniqueConstraint("issuer", "audience", name="uq_identity_providers_issuer_audience"),
    )
    if op.get_bind().dialect.name == "sqlite":
        for name, when in TRIGGERS.items():
            op.execute(f"CREATE TRIGGER {name} {when} BEGIN SELECT RAISE(ABORT, '{name}'); END")
        return
    for table in TABLES:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        own = OWN.replace("clinic_id", "id") if table == "clinics" else OWN
        op.execute(f"CREATE POLICY of_clinic ON {table} USING ({own})")
    # What ships with the service is for all to read, and only for the service itself to write.
    op.execute("CREATE POLICY shipped ON protocol_versions FOR SELECT USING (clinic_id IS NULL)")


def downgrade() -> None:
    """Take away what was added."""
    on_sqlite = op.get_bind().dialect.name == "sqlite"
    if on_sqlite:
        for name in TRIGGERS:
            op.execute(f"DROP TRIGGER {name}")
    else:
        op.execute("DROP POLICY shipped ON protocol_versions")
        for table in TABLES:
            op.execute(f"DROP POLICY of_clinic ON {table}")
            op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
            op.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
    op.drop_table("identity_providers")
    op.drop_table("audit_seals")
    op.drop_index("ix_audit_unsealed", table_name="audit")
    op.drop_index("ix_audit_clinic", table_name="audit")
    op.create_index("ix_audit_clinic", "audit", ["clinic_id", "id"])
    with op.batch_alter_table("audit") as audit:
        audit.drop_column("seal")
        audit.drop_column("seen")
