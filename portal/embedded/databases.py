"""The roles and databases of one cluster, made so that making them twice changes nothing.

Four sign-ins: `readmit_migrator` owns the product's database and passes row-level security (a NOBYPASSRLS owner
would validate foreign keys over rows it cannot see); `readmit_web` may change rows and owns nothing;
`readmit_ops` may change rows of every tenant; `readmit_house` owns the house partner's database and nothing else.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from portal.embedded.data import Secrets

MIGRATOR, WEB, OPS, HOUSE = "readmit_migrator", "readmit_web", "readmit_ops", "readmit_house"
PRODUCT_DATABASE, HOUSE_DATABASE = "readmit", "readmit_house"
PLAIN = "LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOINHERIT"
LOCK = 4_206_904_071  # any number, the same for everybody who prepares this cluster


@dataclass(frozen=True)
class Role:
    name: str
    rights: str
    password: str


def roles(secrets: Secrets) -> tuple[Role, ...]:
    return (
        Role(MIGRATOR, f"{PLAIN} BYPASSRLS", secrets.migrator_password),
        Role(WEB, f"{PLAIN} NOBYPASSRLS", secrets.web_password),
        Role(OPS, f"{PLAIN} BYPASSRLS", secrets.ops_password),
        Role(HOUSE, f"{PLAIN} NOBYPASSRLS", secrets.house_password),
    )


def ensure_roles_and_databases(conninfo: str, secrets: Secrets) -> None:
    """Everything the product expects to find, on a server that answers the superuser."""
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        for role in roles(secrets):
            _ensure_role(connection, role)
        _ensure_database(connection, PRODUCT_DATABASE, MIGRATOR, template=None)
        _ensure_database(connection, HOUSE_DATABASE, HOUSE, template=None)
    grant_product(_in_database(conninfo, PRODUCT_DATABASE))
    grant_house(_in_database(conninfo, HOUSE_DATABASE))


def _ensure_role(connection: psycopg.Connection, role: Role) -> None:
    known = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role.name]).fetchone()
    connection.execute(
        sql.SQL("{verb} ROLE {name} WITH {rights} PASSWORD {password}").format(
            verb=sql.SQL("ALTER" if known else "CREATE"),
            name=sql.Identifier(role.name),
            rights=sql.SQL(role.rights),
            password=sql.Literal(role.password),
        )
    )


def _ensure_database(connection: psycopg.Connection, name: str, owner: str, *, template: str | None) -> None:
    if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
        return
    connection.execute(
        sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {} ENCODING 'UTF8'").format(
            sql.Identifier(name), sql.Identifier(owner), sql.Identifier(template or "template0")
        )
    )


def grant_product(conninfo: str) -> None:
    """Rows for web and ops, tables for the migrator, nothing for the public. Runs inside the database it names."""
    name = sql.Identifier(str(conninfo_to_dict(conninfo)["dbname"]))
    both = sql.SQL(", ").join([sql.Identifier(WEB), sql.Identifier(OPS)])
    future = sql.SQL("ALTER DEFAULT PRIVILEGES FOR ROLE {} ").format(sql.Identifier(MIGRATOR))
    statements: list[sql.SQL | sql.Composed] = [
        sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(name),
        sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(name, both),
        sql.SQL("REVOKE ALL ON SCHEMA public FROM PUBLIC"),
        sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(both),
        future + sql.SQL("REVOKE ALL ON FUNCTIONS FROM PUBLIC"),
        future + sql.SQL("GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {}").format(both),
        future + sql.SQL("GRANT USAGE, SELECT ON SEQUENCES TO {}").format(both),
        future + sql.SQL("GRANT EXECUTE ON FUNCTIONS TO {}").format(both),
    ]
    _run(conninfo, statements)


def grant_house(conninfo: str) -> None:
    """The house partner alone may enter its database."""
    name = sql.Identifier(str(conninfo_to_dict(conninfo)["dbname"]))
    _run(
        conninfo,
        [
            sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(name),
            sql.SQL("REVOKE ALL ON SCHEMA public FROM PUBLIC"),
        ],
    )


def clone(conninfo: str, name: str, *, owner: str, template: str | None) -> None:
    """A database beside the others, empty or copied from a template nobody is connected to."""
    with psycopg.connect(conninfo, autocommit=True) as connection:
        # Copying locks the template against sessions only for its duration: two clones must take turns.
        connection.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        _ensure_database(connection, name, owner, template=template)
    if owner == MIGRATOR:
        grant_product(_in_database(conninfo, name))
    else:
        grant_house(_in_database(conninfo, name))


def drop(conninfo: str, name: str) -> None:
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def url(role: Role, *, database: str, socket_folder: str, port: int) -> str:
    """A libpq URL over the Unix socket."""
    where = f"host={quote(socket_folder, safe='')}&port={port}"
    return f"postgresql://{quote(role.name, safe='')}:{quote(role.password, safe='')}@/{database}?{where}"


def _in_database(conninfo: str, name: str) -> str:
    return make_conninfo(conninfo, dbname=name)


def _run(conninfo: str, statements: Sequence[sql.SQL | sql.Composed]) -> None:
    with psycopg.connect(conninfo) as connection:
        # GRANT and REVOKE rewrite catalogue rows: two at once would meet "tuple concurrently updated".
        connection.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        for statement in statements:
            connection.execute(statement)
