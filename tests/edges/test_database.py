"""What was committed survives; what was not, never was; and the tables come up to date by themselves (P1, A4, A8)."""

from __future__ import annotations

import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from pipeline.edges import migrations
from pipeline.edges.database import Database
from pipeline.errors import StorageFailed
from tests.world import World

WRITER = """
import os, sys
from pathlib import Path
from pipeline.edges.database import Database
database = Database(Path(sys.argv[1]))
with database.transaction():
    database.run("INSERT INTO settings VALUES ('committed', '1')")
database.run("BEGIN IMMEDIATE")
database.run("INSERT INTO settings VALUES ('open', '1')")
os._exit(9)
"""


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database(tmp_path / "state.db")
    yield opened
    opened.close()


def settings_of(database: Database) -> list[str]:
    return [row["name"] for row in database.rows("SELECT name FROM settings ORDER BY name")]


@pytest.mark.parametrize(
    ("pragma", "value"), [("synchronous", 2), ("journal_mode", "wal"), ("secure_delete", 1), ("foreign_keys", 1)]
)
def test_the_connection_is_as_safe_as_it_says(database: Database, pragma: str, value: object) -> None:
    assert database.value(f"PRAGMA {pragma}") == value


def test_only_its_owner_can_read_it_whatever_the_umask(tmp_path: Path) -> None:
    script = (
        "import os, sys; os.umask(0); from pathlib import Path; from pipeline.edges.database import Database;"
        "Database(Path(sys.argv[1])).run(\"INSERT INTO settings VALUES ('a', 'b')\"); os._exit(0)"
    )
    subprocess.run([sys.executable, "-c", script, str(tmp_path / "state.db")], check=True)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert modes == {"state.db": 0o600, "state.db-wal": 0o600, "state.db-shm": 0o600}


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_a_transaction_that_fails_never_was(database: Database, error: type[BaseException]) -> None:
    def interrupted() -> None:
        with database.transaction():
            database.run("INSERT INTO settings VALUES ('a', 'b')")
            raise error

    with pytest.raises(error):
        interrupted()
    with database.transaction():
        database.run("INSERT INTO settings VALUES ('c', 'd')")
    assert settings_of(database) == ["c"]


def test_a_constraint_undoes_the_whole_transaction(database: Database) -> None:
    def twice() -> None:
        with database.transaction():
            for _ in range(2):
                database.run("INSERT INTO settings VALUES ('a', 'b')")

    with pytest.raises(sqlite3.IntegrityError):
        twice()
    assert settings_of(database) == []


def test_a_transaction_inside_another_is_refused(database: Database) -> None:
    with pytest.raises(sqlite3.OperationalError), database.transaction(), database.transaction():
        pass
    assert not database.value("SELECT 1 FROM settings")


def test_a_request_needs_its_dossier(database: Database) -> None:
    with pytest.raises(sqlite3.IntegrityError, match="FOREIGN KEY"):
        database.run("INSERT INTO requests VALUES ('K7Q4-MX2P', 1, '', '{}', 'accepted', NULL, '')")


def test_a_killed_writer_leaves_what_it_committed_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    assert subprocess.run([sys.executable, "-c", WRITER, str(path)], check=False).returncode == 9
    with closing(Database(path)) as database:
        assert settings_of(database) == ["committed"]
        assert database.value("PRAGMA integrity_check") == "ok"


def test_what_is_removed_is_not_left_in_the_file(database: Database) -> None:
    canary = "Sanne-Canary-Jansen"
    database.run("INSERT INTO settings VALUES ('a', ?)", canary * 50)
    database.value("PRAGMA wal_checkpoint(TRUNCATE)")
    assert canary.encode() in database.path.read_bytes()
    database.run("DELETE FROM settings")
    database.value("PRAGMA wal_checkpoint(TRUNCATE)")
    assert canary.encode() not in database.path.read_bytes()


def test_every_step_of_the_tables_is_recorded_once_by_its_name(tmp_path: Path) -> None:
    for _ in range(3):
        with closing(Database(tmp_path / "state.db")) as database:
            names = [row["name"] for row in database.rows("SELECT name FROM migrations")]
            assert names == list(migrations.MIGRATIONS)


def test_a_new_step_is_taken_once_and_keeps_what_there_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(Database(tmp_path / "state.db")) as database:
        database.run("INSERT INTO settings VALUES ('a', 'b')")
    monkeypatch.setitem(migrations.MIGRATIONS, "later", ("ALTER TABLE settings ADD COLUMN more TEXT",))
    for _ in range(2):
        with closing(Database(tmp_path / "state.db")) as database:
            assert tuple(database.rows("SELECT * FROM settings")[0]) == ("a", "b", None)


def test_a_step_that_fails_half_way_leaves_the_tables_as_they_were(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(Database(tmp_path / "state.db")):
        pass
    monkeypatch.setitem(migrations.MIGRATIONS, "later", ("ALTER TABLE settings ADD COLUMN more TEXT", "NONSENSE"))
    with pytest.raises(sqlite3.OperationalError, match="NONSENSE"):
        Database(tmp_path / "state.db")
    monkeypatch.delitem(migrations.MIGRATIONS, "later")
    with closing(Database(tmp_path / "state.db")) as database:
        assert [row["name"] for row in database.rows("PRAGMA table_info(settings)")] == ["name", "value"]


def test_many_may_open_it_at_the_same_moment(tmp_path: Path) -> None:
    def write(number: int) -> None:
        with closing(Database(tmp_path / "state.db")) as database, database.transaction():
            database.run("INSERT INTO settings VALUES (?, '')", str(number))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(24)))
    with closing(Database(tmp_path / "state.db")) as database:
        assert len(settings_of(database)) == 24


def test_a_reader_sees_the_committed_while_another_writes(tmp_path: Path, database: Database) -> None:
    with closing(Database(tmp_path / "state.db")) as onlooker:
        with database.transaction():
            database.run("INSERT INTO settings VALUES ('a', 'b')")
            assert settings_of(onlooker) == []
        assert settings_of(onlooker) == ["a"]


def test_a_place_where_no_file_can_be_is_said_in_our_words(tmp_path: Path) -> None:
    (tmp_path / "state.db").mkdir()
    with pytest.raises(StorageFailed, match="nothing was taken as done"):
        Database(tmp_path / "state.db")


def test_a_damaged_database_is_said_in_one_line(world: World) -> None:
    (world.folder / "storage").mkdir(exist_ok=True)
    (world.folder / "storage" / "state.db").write_bytes(b"not a database" * 1000)
    ended = world.typed("status")
    assert ended.returncode == StorageFailed.exit_code and "Traceback" not in ended.stderr
