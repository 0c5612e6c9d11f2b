"""Keep what is to be sent and what was: messages to patients, and webhooks with the addresses that they go to.

A procedure gets the instant at which somebody has to attend to it, because a reminder is due or because a day begins on
which it stands otherwise.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

ID = sa.String(36)
INSTANT = sa.DateTime(timezone=True)
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
OWN = "clinic_id = current_setting('prep.clinic', true) OR current_setting('prep.clinic', true) = '*'"
TABLES = ("messages", "webhook_endpoints")
PLANNED: dict[str, Any] = {
    "sqlite_where": sa.text("status = 'planned'"),
    "postgresql_where": sa.text("status = 'planned'"),
}
FAILED: dict[str, Any] = {
    "sqlite_where": sa.text("status = 'failed'"),
    "postgresql_where": sa.text("status = 'failed'"),
}
TO_ENDPOINT: dict[str, Any] = {
    "sqlite_where": sa.text("endpoint_id IS NOT NULL"),
    "postgresql_where": sa.text("endpoint_id IS NOT NULL"),
}
ATTENDED: dict[str, Any] = {
    "sqlite_where": sa.text("attend_at IS NOT NULL"),
    "postgresql_where": sa.text("attend_at IS NOT NULL"),
}
UNSAMPLED = {"messages": ("body", "reason", "history"), "webhook_endpoints": ("url", "secrets")}


def upgrade() -> None:
    """Add the column and the tables, each bound to its clinic."""
    op.add_column("procedures", sa.Column("attend_at", INSTANT))
    # Whatever is booked is looked at once, so that its reminders are planned.
    op.execute("UPDATE procedures SET attend_at = CURRENT_TIMESTAMP WHERE ended IS NULL")
    op.create_index("ix_procedures_attend", "procedures", ["attend_at"], **ATTENDED)
    op.create_table(
        "messages",
        sa.Column("number", NUMBER, autoincrement=True, nullable=False),
        sa.Column("clinic_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("procedure_id", ID),
        sa.Column("topic", sa.String(32), nullable=False),
        sa.Column("channel", sa.String(8), nullable=False),
        sa.Column("endpoint_id", ID),
        sa.Column("lane", sa.String(80)),
        sa.Column("day", sa.Date()),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("status", sa.String(8), nullable=False),
        sa.Column("due_at", INSTANT, nullable=False),
        sa.Column("not_after", INSTANT),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("lease_until", INSTANT),
        sa.Column("lease_token", ID),
        sa.Column("reason", sa.Text()),
        sa.Column("history", sa.Text(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("settled_at", INSTANT),
        sa.CheckConstraint("channel IN ('patient', 'email', 'sms', 'webhook')", name="ck_messages_channel"),
        sa.CheckConstraint("status IN ('planned', 'sent', 'failed', 'dropped')", name="ck_messages_status"),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name="fk_messages_clinics"),
        sa.ForeignKeyConstraint(
            ["clinic_id", "procedure_id"], ["procedures.clinic_id", "procedures.id"], name="fk_messages_procedures"
        ),
        sa.PrimaryKeyConstraint("number", name="pk_messages"),
        sa.UniqueConstraint("clinic_id", "id", name="uq_messages_clinic_id_id"),
        postgresql_with={"fillfactor": 80},
    )
    op.create_index("ix_messages_due", "messages", ["due_at", "number"], **PLANNED)
    op.create_index("ix_messages_lane", "messages", ["lane", "number"], **PLANNED)
    op.create_index("ix_messages_failed", "messages", ["clinic_id", "procedure_id"], **FAILED)
    op.create_index("ix_messages_procedure", "messages", ["clinic_id", "procedure_id", "number"])
    op.create_index("ix_messages_endpoint", "messages", ["clinic_id", "endpoint_id", "number"], **TO_ENDPOINT)
    op.create_table(
        "webhook_endpoints",
        sa.Column("clinic_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("events", sa.Text(), nullable=False),
        sa.Column("content", sa.String(8), nullable=False),
        sa.Column("secrets", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("disabled_reason", sa.Text()),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("content IN ('ids', 'full')", name="ck_webhook_endpoints_content"),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name="fk_webhook_endpoints_clinics"),
        sa.PrimaryKeyConstraint("clinic_id", "id", name="pk_webhook_endpoints"),
        sqlite_with_rowid=False,
    )
    if op.get_bind().dialect.name == "postgresql":
        for table in TABLES:
            op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
            op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
            op.execute(f"CREATE POLICY of_clinic ON {table} USING ({OWN})")
        for table, columns in UNSAMPLED.items():
            for name in columns:
                op.execute(f"ALTER TABLE {table} ALTER COLUMN {name} SET STATISTICS 0")


def downgrade() -> None:
    """Drop the tables and the column."""
    for table in reversed(TABLES):
        op.drop_table(table)
    op.drop_index("ix_procedures_attend", table_name="procedures")
    op.drop_column("procedures", "attend_at")
