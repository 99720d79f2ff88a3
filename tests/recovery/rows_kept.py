"""The rows of one tenant, taken out of every table and put back, as if what came in between had never been.

Only for tests: past row-level security, past triggers that keep rows from being changed, past references.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

import psycopg
from django.conf import settings
from psycopg import sql
from psycopg.conninfo import make_conninfo

from portal.embedded.testing import ADMIN_VARIABLE

TENANT = "tenants_tenant"
# Counters belong to nobody whom one could read off them.
COUNTERS = "tenants_limitcount"
_TABLES = """
SELECT c.relname, array_agg(a.attname ORDER BY a.attnum), bool_or(a.attname = 'tenant_id')
FROM pg_class c
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
GROUP BY c.relname ORDER BY c.relname
"""


@dataclass(frozen=True)
class KeptRows:
    """What a tenant has: a digest of each table's rows, and the rows themselves where there are any."""

    digests: Mapping[str, str]
    rows: Mapping[str, bytes]


@dataclass(frozen=True)
class _Table:
    columns: sql.Composable
    of_tenant: sql.Composable


class Rows:
    """Reads and writes all rows of a tenant, as the superuser of the test's own database."""

    def __init__(self) -> None:
        name = str(settings.DATABASES["default"]["NAME"])
        self.connection = psycopg.connect(
            make_conninfo(os.environ[ADMIN_VARIABLE], dbname=name), autocommit=True
        )
        # Past triggers and references; one plan for the long statement over all tables; never wait for a test's own lock.
        for setting in (
            "session_replication_role = replica",
            "plan_cache_mode = force_generic_plan",
            "lock_timeout = '20s'",
        ):
            self.connection.execute(f"SET {setting}")  # type: ignore[arg-type]
        self.tables = {
            name: _Table(_columns(columns), _condition(name))
            for name, columns, owned in self._found()
            if owned
        }
        self.statement = sql.SQL(" UNION ALL ").join(_digest(name, of) for name, of in self.tables.items())

    def _found(self) -> list[tuple[str, list[str], bool]]:
        found = self.connection.execute(_TABLES).fetchall()
        return [(name, columns, owned or name in (TENANT, COUNTERS)) for name, columns, owned in found]

    def digests(self, tenant_id: UUID) -> dict[str, str]:
        """{table: digest of the tenant's rows in it}, for tables that have any."""
        return dict(self.connection.execute(self.statement, {"tenant": tenant_id}, prepare=True).fetchall())

    def keep(self, tenant_id: UUID) -> KeptRows:
        digests = self.digests(tenant_id)
        return KeptRows(digests, {name: self._copied_out(name, tenant_id) for name in digests})

    def put_back(self, tenant_id: UUID, kept: KeptRows) -> None:
        """Make the tenant's rows those again; tables that hold them already are left alone."""
        now = self.digests(tenant_id)
        with self.connection.transaction():
            for name in sorted(now.keys() | kept.digests.keys()):
                if now.get(name) == kept.digests.get(name):
                    continue
                self.connection.execute(
                    sql.SQL("DELETE FROM {} t WHERE {}").format(
                        sql.Identifier(name), self.tables[name].of_tenant
                    ),
                    {"tenant": tenant_id},
                )
                if name in kept.rows:
                    self._copy_in(name, kept.rows[name])

    def _copied_out(self, name: str, tenant_id: UUID) -> bytes:
        of = self.tables[name]
        wanted = sql.SQL("COPY (SELECT {} FROM {} t WHERE {}) TO STDOUT (FORMAT binary)").format(
            of.columns, sql.Identifier(name), of.of_tenant
        )
        with self.connection.cursor().copy(wanted, {"tenant": tenant_id}) as copied:
            return b"".join(bytes(part) for part in copied)

    def _copy_in(self, name: str, rows: bytes) -> None:
        into = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT binary)").format(
            sql.Identifier(name), self.tables[name].columns
        )
        with self.connection.cursor().copy(into) as copied:
            copied.write(rows)


def _columns(names: list[str]) -> sql.Composable:
    return sql.SQL(", ").join(map(sql.Identifier, names))


def _condition(name: str) -> sql.Composable:
    if name == COUNTERS:
        return sql.SQL("true")
    return sql.SQL("t.{} = %(tenant)s").format(sql.Identifier("id" if name == TENANT else "tenant_id"))


def _digest(name: str, of: _Table) -> sql.Composable:
    return sql.SQL(
        "SELECT {}, md5(string_agg(row, '' ORDER BY row)) FROM "
        "(SELECT md5(t::text) AS row FROM {} t WHERE {}) AS found HAVING count(*) > 0"
    ).format(sql.Literal(name), sql.Identifier(name), of.of_tenant)
