"""Say who may do what in PostgreSQL: the owner changes the schema, the service sees rows of one clinic at a time.

Row-level security binds neither superusers nor roles with BYPASSRLS, and an owner can turn it off. So every connection
of the service steps down to a role that is none of these, and a service that cannot does not start.
"""

from __future__ import annotations

import re
from typing import Final

from sqlalchemy import Connection, func, select, text

_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
SERVICE: Final = "prep_tracker_service"
"""Made by the migrations where whoever runs them may make roles; else by an operator, with ``sql_for``."""
GRANTING: Final = 0x6772616E
"""The number of the lock on which several starting services wait for one another."""
STEP_DOWN: Final = (
    f"SELECT set_config('role', '{SERVICE}', false) FROM pg_roles"  # noqa: S608 - a constant of ours
    f" WHERE rolname = '{SERVICE}' AND pg_has_role(session_user, oid, 'MEMBER')"
)
_MAKE = f"""
DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{SERVICE}') THEN
    CREATE ROLE {SERVICE} NOLOGIN;
    IF NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
      EXECUTE format('GRANT {SERVICE} TO %I', current_user);
    END IF;
  END IF;
EXCEPTION WHEN insufficient_privilege OR duplicate_object OR unique_violation THEN NULL;
END $$;
"""  # noqa: S608 - a constant of ours
_GRANT = f"""
DO $$ BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = '{SERVICE}') THEN
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO {SERVICE}', current_schema());
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA %I TO {SERVICE}', current_schema());
    EXECUTE format('GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA %I TO {SERVICE}', current_schema());
    -- Lines of the audit are added, never changed; sealing fills in one column.
    IF to_regclass('audit_seals') IS NOT NULL THEN
      REVOKE INSERT, UPDATE, DELETE ON alembic_version FROM {SERVICE};
      REVOKE UPDATE, DELETE ON audit, audit_seals FROM {SERVICE};
      GRANT UPDATE (seal) ON audit TO {SERVICE};
    END IF;
  END IF;
END $$;
"""  # noqa: S608 - a constant of ours
_WHO = text("SELECT current_user, rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user")
_MAY_READ = text("SELECT has_table_privilege(current_user, 'procedures', 'SELECT')")
_UNBOUND = text(
    "SELECT c.relname, pg_has_role(current_user, c.relowner, 'USAGE') AS owned,"
    " c.relrowsecurity AND c.relforcerowsecurity AS bound"
    " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
    " WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p') AND c.relname <> 'alembic_version'"
    " ORDER BY c.relname"
)


def grant(connection: Connection) -> None:
    """Make the role that the service steps down to, if this user may make roles, and give it its rights if it is there.

    Done after every migration and every restored copy, for new tables come without rights. Nothing on SQLite.
    """
    if connection.dialect.name == "postgresql":
        # Two that give rights on one table at once would both change one row, and PostgreSQL refuses that.
        connection.execute(select(func.pg_advisory_xact_lock(GRANTING)))
        connection.execute(text(_MAKE))
        connection.execute(text(_GRANT))


def faults(connection: Connection) -> list[str]:
    """Say why the service cannot work like this, or could see rows of every clinic; empty when all is well.

    SQLite has none of this: there the answer is always empty.
    """
    if connection.dialect.name != "postgresql":
        return []
    name, is_super, bypasses = connection.execute(_WHO).one()
    found = []
    if is_super:
        found.append(f"the role {name} is a superuser")
    if bypasses and not is_super:
        found.append(f"the role {name} has BYPASSRLS")
    if not connection.execute(_MAY_READ).scalar_one():
        found.append(f"the role {name} has no rights to the tables")
    tables = connection.execute(_UNBOUND).all()
    if not is_super and any(table.owned for table in tables):
        found.append(f"the role {name} owns the tables")
    found += [f"the table {table.relname} has no forced row-level security" for table in tables if not table.bound]
    return found


def sql_for(database: str, *, login: str = "prep_tracker_web", backup: str = "prep_tracker_backup") -> str:
    """Write the SQL with which an operator makes the roles, to be run by a superuser in ``database``.

    It can be run again. Passwords are left to the operator. Raises ``ValueError`` for a role's name that is none.
    """
    if not (_NAME.fullmatch(login) and _NAME.fullmatch(backup)):
        raise ValueError("a role's name has small letters, digits and underscores, and begins with a letter")
    quoted = '"' + database.replace('"', '""') + '"'
    return f"""\
-- Roles for prep-tracker. Run as a superuser, connected to {quoted}, after `prep-tracker migrate` by the owner
-- of the tables, and again after each. Then set the passwords:  \\password {login}   \\password {backup}
DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{SERVICE}') THEN CREATE ROLE {SERVICE} NOLOGIN; END IF;
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{login}') THEN CREATE ROLE {login} LOGIN; END IF;
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{backup}') THEN CREATE ROLE {backup} LOGIN; END IF;
END $$;
-- What the service works as: bound by row-level security, owner of nothing.
ALTER ROLE {SERVICE} NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE;
-- What `serve` and `work` sign in as (PREP_DATABASE_URL); it has no rights before it steps down.
ALTER ROLE {login} NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOINHERIT;
GRANT {SERVICE} TO {login};
-- What `backup` signs in as: reads every clinic, changes nothing.
ALTER ROLE {backup} NOSUPERUSER BYPASSRLS NOCREATEDB NOCREATEROLE;
GRANT CONNECT ON DATABASE {quoted} TO {login}, {backup};
GRANT USAGE ON SCHEMA public TO {backup};
GRANT SELECT ON ALL TABLES IN SCHEMA public TO {backup};
GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO {backup};
{_GRANT.strip()}
"""  # noqa: S608 - the names are an operator's own, and nothing runs it here
