"""Keep who is signed in: staff on the pages, patients by a link; and the secret addresses of calendars.

Of every secret only the hash is kept.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ID = sa.String(36)
HASH = sa.String(64)
INSTANT = sa.DateTime(timezone=True)
OWN = "clinic_id = current_setting('prep.clinic', true) OR current_setting('prep.clinic', true) = '*'"
TABLES = ("staff_sessions", "portal_links", "portal_sessions", "calendar_feeds")


def upgrade() -> None:
    """Add the tables, each bound to its clinic."""
    op.create_table(
        "staff_sessions",
        sa.Column("token_hash", HASH, nullable=False),
        sa.Column("clinic_id", ID, nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("credential_id", sa.Text(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("seen_at", INSTANT, nullable=False),
        sa.Column("ends_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name="fk_staff_sessions_clinics"),
        sa.PrimaryKeyConstraint("token_hash", name="pk_staff_sessions"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "portal_links",
        sa.Column("token_hash", HASH, nullable=False),
        sa.Column("clinic_id", ID, nullable=False),
        sa.Column("procedure_id", ID, nullable=False),
        sa.Column("holder", sa.String(8), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("used_at", INSTANT),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.CheckConstraint("holder IN ('patient', 'carer')", name="ck_portal_links_holder"),
        sa.ForeignKeyConstraint(
            ["clinic_id", "procedure_id"], ["procedures.clinic_id", "procedures.id"], name="fk_portal_links_procedures"
        ),
        sa.PrimaryKeyConstraint("token_hash", name="pk_portal_links"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_portal_links_procedure", "portal_links", ["clinic_id", "procedure_id"])
    op.create_table(
        "portal_sessions",
        sa.Column("token_hash", HASH, nullable=False),
        sa.Column("id", sa.String(16), nullable=False),
        sa.Column("clinic_id", ID, nullable=False),
        sa.Column("procedure_id", ID, nullable=False),
        sa.Column("patient_id", ID, nullable=False),
        sa.Column("holder", sa.String(8), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("revoked_at", INSTANT),
        sa.CheckConstraint("holder IN ('patient', 'carer')", name="ck_portal_sessions_holder"),
        sa.ForeignKeyConstraint(
            ["clinic_id", "procedure_id"],
            ["procedures.clinic_id", "procedures.id"],
            name="fk_portal_sessions_procedures",
        ),
        sa.PrimaryKeyConstraint("token_hash", name="pk_portal_sessions"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_portal_sessions_procedure", "portal_sessions", ["clinic_id", "procedure_id"])
    op.create_table(
        "calendar_feeds",
        sa.Column("secret_hash", HASH, nullable=False),
        sa.Column("clinic_id", ID, nullable=False),
        sa.Column("procedure_id", ID, nullable=False),
        sa.Column("language", sa.String(16), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("revoked_at", INSTANT),
        sa.ForeignKeyConstraint(
            ["clinic_id", "procedure_id"],
            ["procedures.clinic_id", "procedures.id"],
            name="fk_calendar_feeds_procedures",
        ),
        sa.PrimaryKeyConstraint("secret_hash", name="pk_calendar_feeds"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_calendar_feeds_procedure", "calendar_feeds", ["clinic_id", "procedure_id"])
    if op.get_bind().dialect.name == "postgresql":
        for table in TABLES:
            op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
            op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
            op.execute(f"CREATE POLICY of_clinic ON {table} USING ({OWN})")


def downgrade() -> None:
    """Drop the tables."""
    for table in reversed(TABLES):
        op.drop_table(table)
