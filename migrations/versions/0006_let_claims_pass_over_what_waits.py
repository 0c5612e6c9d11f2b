"""Let claims pass over what waits behind another message of its lane, instead of looking at it again and again.

A claim notes on such a message for which one it waits, and the index of what is due leaves it out until it is its turn.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add the column; nothing waits before a claim has looked at it."""
    op.add_column("messages", sa.Column("waits_for", NUMBER))
    op.drop_index("ix_messages_due", table_name="messages")
    _index("status = 'planned' AND waits_for IS NULL")


def downgrade() -> None:
    """Drop the column; the old index knows all that is planned."""
    op.drop_index("ix_messages_due", table_name="messages")
    op.drop_column("messages", "waits_for")
    _index("status = 'planned'")


def _index(which: str) -> None:
    where: dict[str, Any] = {"sqlite_where": sa.text(which), "postgresql_where": sa.text(which)}
    op.create_index("ix_messages_due", "messages", ["due_at", "number"], **where)
