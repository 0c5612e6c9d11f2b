"""Keep no samples of what patients are called or have said.

PostgreSQL's ANALYZE copies frequent and typical values of every column into its catalogue, where an erasure does not
reach. Nobody asks for a patient by these columns in a way that the samples would help with.
"""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

PERSONAL = {
    "patients": {
        "reference": "text",
        "name": "text",
        "language": "varchar(16)",
        "birth_date": "date",
        "time_zone": "varchar(64)",
        "email": "text",
        "phone": "text",
        "messages": "text",
    },
    "procedures": {"booking_reference": "text"},
    "entries": {"body": "text"},
    "idempotency": {"route": "text", "key": "text", "headers": "text", "body": "bytea"},
}


def upgrade() -> None:
    """Let nothing be sampled, and drop what was: saying a column's type again takes its samples away."""
    if op.get_bind().dialect.name == "postgresql":
        for table, columns in PERSONAL.items():
            for name, kind in columns.items():
                op.execute(f"ALTER TABLE {table} ALTER COLUMN {name} SET STATISTICS 0, ALTER COLUMN {name} TYPE {kind}")


def downgrade() -> None:
    """Let it be sampled again."""
    if op.get_bind().dialect.name == "postgresql":
        for table, columns in PERSONAL.items():
            for name in columns:
                op.execute(f"ALTER TABLE {table} ALTER COLUMN {name} SET STATISTICS -1")
