"""The launcher: whose binaries, whose cluster, which roles, and what happens after a crash."""

import os
import shutil
import signal
import tempfile
from pathlib import Path

import psycopg
import pytest

from portal.embedded import databases, postgres
from portal.embedded.data import DataFolder
from portal.embedded.files import Trouble
from portal.embedded.supervisor import Supervisor

SECONDS = 60.0


def _quiet(sentence):
    pass


@pytest.fixture(scope="module")
def data():
    with tempfile.TemporaryDirectory(prefix="readmit-pg-") as name:
        folder = DataFolder(Path(name))
        folder.prepare()
        yield folder


@pytest.fixture(scope="module")
def supervisor(data):
    made = Supervisor(logs=data.logs, run=data.run, say=_quiet)
    yield made
    made.stop()


@pytest.fixture(scope="module")
def server(data, supervisor):
    """A real server with all roles, restarted by no one."""
    described = postgres.prepare(data, data.secrets_made(), say=_quiet)
    supervisor.start(described.service())
    supervisor.wait_ready(["postgres"], seconds=SECONDS)
    databases.ensure_roles_and_databases(described.conninfo(), data.secrets_made())
    return described


def _url(server, data, name, database=databases.PRODUCT_DATABASE):
    role = next(role for role in databases.roles(data.secrets_made()) if role.name == name)
    return databases.url(role, database=database, socket_folder=str(server.socket_folder), port=postgres.PORT)


def test_making_roles_and_databases_twice_changes_nothing(server, data):
    def everything():
        with psycopg.connect(server.conninfo(database="readmit")) as connection:
            return connection.execute(
                "SELECT (SELECT array_agg((datname, datacl) ORDER BY datname) FROM pg_database),"
                " (SELECT array_agg((rolname, rolbypassrls, rolinherit) ORDER BY rolname) FROM pg_roles),"
                " (SELECT array_agg((defaclrole, defaclobjtype, defaclacl) ORDER BY 1) FROM pg_default_acl)"
            ).fetchone()

    before = everything()
    databases.ensure_roles_and_databases(server.conninfo(), data.secrets_made())
    assert everything() == before


def test_no_role_of_ours_is_a_superuser_and_only_two_pass_row_level_security(server):
    with psycopg.connect(server.conninfo()) as connection:
        rows = connection.execute(
            "SELECT rolname, rolsuper OR rolcreatedb OR rolcreaterole, rolbypassrls FROM pg_roles"
            " WHERE rolname LIKE 'readmit%'"
        ).fetchall()
    assert {name for name, strong, _ in rows if strong} == set()
    assert {name for name, _, passes in rows if passes} == {databases.MIGRATOR, databases.OPS}
    assert len(rows) == 4


def test_web_changes_rows_of_what_the_migrator_made_and_makes_nothing(server, data):
    with psycopg.connect(_url(server, data, databases.MIGRATOR)) as connection:
        connection.execute("CREATE TABLE thing (id bigint GENERATED ALWAYS AS IDENTITY, word text)")
    with psycopg.connect(_url(server, data, databases.WEB), autocommit=True) as connection:
        connection.execute("INSERT INTO thing (word) VALUES ('a')")
        connection.execute("UPDATE thing SET word = 'b'")
        assert connection.execute("SELECT word FROM thing").fetchall() == [("b",)]
        for refused in (
            "CREATE TABLE other (i int)",
            "TRUNCATE thing",
            "ALTER TABLE thing DISABLE ROW LEVEL SECURITY",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(refused)


def test_a_function_of_the_migrator_is_not_for_the_public(server, data):
    with psycopg.connect(_url(server, data, databases.MIGRATOR)) as connection:
        connection.execute("CREATE FUNCTION one() RETURNS int LANGUAGE sql AS 'SELECT 1'")
        acl = connection.execute("SELECT proacl::text FROM pg_proc WHERE proname = 'one'").fetchone()[0]
    assert "{=X" not in acl and ",=X" not in acl
    with psycopg.connect(_url(server, data, databases.WEB)) as connection:
        assert connection.execute("SELECT one()").fetchone() == (1,)


@pytest.mark.parametrize(
    ("role", "database"),
    [
        (databases.HOUSE, databases.PRODUCT_DATABASE),
        (databases.WEB, databases.HOUSE_DATABASE),
        (databases.MIGRATOR, databases.HOUSE_DATABASE),
    ],
)
def test_nobody_enters_the_others_database(server, data, role, database):
    with pytest.raises(psycopg.OperationalError, match="permission denied"):
        psycopg.connect(_url(server, data, role, database))


def test_a_wrong_password_is_refused(server, data):
    url = _url(server, data, databases.WEB)
    password = data.secrets_made().web_password
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(url.replace(password, "wrong"))


def test_the_server_listens_on_no_network_address(server):
    with psycopg.connect(server.conninfo()) as connection:
        assert connection.execute("SHOW listen_addresses").fetchone() == ("",)
        assert connection.execute("SHOW data_checksums").fetchone() == ("on",)
        assert connection.execute("SHOW fsync").fetchone() == ("on",)


def test_rows_survive_a_killed_server(server, data, supervisor):
    with psycopg.connect(_url(server, data, databases.MIGRATOR)) as connection:
        connection.execute("CREATE TABLE kept (i int)")
        connection.execute("INSERT INTO kept VALUES (7)")
    os.kill(supervisor.pid("postgres"), signal.SIGKILL)
    postgres.wait_until_gone(server)
    supervisor.start(server.service())
    supervisor.wait_ready(["postgres"], seconds=SECONDS)
    with psycopg.connect(_url(server, data, databases.WEB)) as connection:
        assert connection.execute("SELECT i FROM kept").fetchall() == [(7,)]


def test_lock_files_naming_a_stranger_do_not_stop_the_start(data, server, supervisor):
    supervisor.stop()
    locks = (server.cluster / "postmaster.pid", server.socket_folder / f".s.PGSQL.{postgres.PORT}.lock")
    for lock in locks:
        lock.write_text(f"{os.getpid()}\n{server.cluster}\n1\n5432\n\n\n\n\n")
    postgres.wait_until_gone(server)
    assert not any(lock.exists() for lock in locks)
    supervisor.start(server.service())
    supervisor.wait_ready(["postgres"], seconds=SECONDS)


def test_a_cluster_that_was_cut_short_is_made_again(tmp_path_factory):
    with tempfile.TemporaryDirectory(prefix="readmit-pg-") as name:
        data = DataFolder(Path(name))
        data.prepare()
        half = data.path / "postgres" / "cluster.new"
        half.mkdir(parents=True)
        (half / "PG_VERSION").write_text("18\n")
        (data.path / "postgres" / "password").write_text("left over")
        server = postgres.prepare(data, data.secrets_made(), say=_quiet)
        assert (server.cluster / "global" / "pg_control").exists()
        assert not half.exists()
        assert not (data.path / "postgres" / "password").exists()


def test_a_path_too_long_for_a_socket_gets_a_short_private_one(tmp_path):
    home = tmp_path / ("x" * 60) / ("y" * 60)
    home.mkdir(parents=True)
    folder = postgres._socket_folder(home, "")
    try:
        assert len(str(folder)) < postgres.LONGEST_SOCKET_FOLDER
        assert folder.stat().st_mode & 0o077 == 0
        assert postgres._socket_folder(home, str(folder)) == folder
    finally:
        shutil.rmtree(folder)


def test_without_the_wheel_the_named_binaries_serve(monkeypatch):
    account = postgres.unprivileged_account(say=_quiet) if os.geteuid() == 0 else None
    named = postgres.choose_binaries(account, wanted_major=None, say=_quiet)
    monkeypatch.setattr(postgres, "wheel_binaries", lambda: None)
    found = postgres.choose_binaries(account, wanted_major=None, say=_quiet, environ={"PG_BIN": str(named)})
    assert found == named


def test_a_server_older_than_the_oldest_is_not_taken(tmp_path, monkeypatch):
    monkeypatch.setattr(postgres, "_candidates", lambda account, environ: iter([tmp_path]))
    monkeypatch.setattr(postgres, "_works", lambda command, account: "postgres (PostgreSQL) 15.18 (Debian)")
    (tmp_path / "initdb").touch()
    with pytest.raises(Trouble, match="No PostgreSQL 16"):
        postgres.choose_binaries(None, wanted_major=None, say=_quiet)


def test_a_cluster_of_another_major_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(postgres, "_candidates", lambda account, environ: iter([tmp_path]))
    monkeypatch.setattr(postgres, "_works", lambda command, account: "postgres (PostgreSQL) 18.6")
    (tmp_path / "initdb").touch()
    with pytest.raises(Trouble, match="made by PostgreSQL 17 and only 18 is here"):
        postgres.choose_binaries(None, wanted_major=17, say=_quiet)


@pytest.mark.parametrize(
    ("text", "major"),
    [
        ("postgres (PostgreSQL) 18.6", 18),
        ("postgres (PostgreSQL) 17.10 (Debian 17.10-1)", 17),
        ("postgres (PostgreSQL) 19beta1", 19),
        ("something else", None),
    ],
)
def test_the_major_version_is_read(text, major):
    assert postgres._major(text) == major
