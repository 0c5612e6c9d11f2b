"""Where things are kept: the only package that knows SQLAlchemy. Rows stay here, values go out.

Query functions are plain: ``(connection, clinic_id, …)`` in, values out, no commit. ``session`` runs them.
"""

from sqlalchemy import Connection

__all__ = ["Connection"]
