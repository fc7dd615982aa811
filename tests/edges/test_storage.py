"""Contents: whole or absent, for the owner only, and only inside the storage folder (P1, P12, G2)."""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.edges.storage import TEMPORARY, Storage
from pipeline.errors import StorageFailed

KILLED = """
import os, sys
from pathlib import Path
os.umask(0)
from pipeline.edges.storage import Storage
storage = Storage(Path(sys.argv[1]))
storage.write("dossiers/A/a.pdf", b"old" * 1000)
if sys.argv[2] == "replace":
    Path.replace = lambda *_: os._exit(9)
elif sys.argv[2] == "fsync":
    os.fsync = lambda *_: os._exit(9)
storage.write("dossiers/A/a.pdf", b"new" * 1000)
"""


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return Storage(tmp_path / "storage")


@settings(deadline=None, max_examples=30)
@given(data=st.lists(st.binary(max_size=200), min_size=1, max_size=3))
def test_what_is_written_is_what_is_read_and_the_last_one_counts(
    tmp_path_factory: pytest.TempPathFactory, data: list[bytes]
) -> None:
    storage = Storage(tmp_path_factory.mktemp("s") / "storage")
    for one in data:
        storage.write("dossiers/K7Q4-MX2P/a.pdf", one)
    assert storage.read("dossiers/K7Q4-MX2P/a.pdf") == data[-1]
    assert [path.name for path in storage.root.rglob("*")] == ["dossiers", "K7Q4-MX2P", "a.pdf"]


def test_what_is_removed_is_gone_and_may_be_gone_already(storage: Storage) -> None:
    storage.write("outbox/a.eml", b"x")
    storage.remove("outbox/a.eml")
    storage.remove("outbox/a.eml")
    storage.remove("never/there.eml")
    with pytest.raises(FileNotFoundError):
        storage.read("outbox/a.eml")


@pytest.mark.parametrize(("moment", "left"), [("replace", b"old"), ("fsync", b"old"), ("never", b"new")])
def test_a_file_is_the_old_or_the_new_one_and_never_half(tmp_path: Path, moment: str, left: bytes) -> None:
    root = tmp_path / "storage"
    ended = subprocess.run([sys.executable, "-c", KILLED, str(root), moment], check=False)
    assert ended.returncode == (0 if moment == "never" else 9)
    assert (root / "dossiers" / "A" / "a.pdf").read_bytes() == left * 1000


def test_only_the_owner_can_read_whatever_the_umask(tmp_path: Path) -> None:
    root = tmp_path / "storage"
    subprocess.run([sys.executable, "-c", KILLED, str(root), "never"], check=True)
    modes = {path.name: oct(stat.S_IMODE(path.stat().st_mode)) for path in [root, *root.rglob("*")]}
    assert modes == {"storage": "0o700", "dossiers": "0o700", "A": "0o700", "a.pdf": "0o600"}


def test_a_storage_that_others_can_read_is_closed_to_them(tmp_path: Path) -> None:
    (tmp_path / "storage").mkdir()
    (tmp_path / "storage").chmod(0o755)
    Storage(tmp_path / "storage")
    assert stat.S_IMODE((tmp_path / "storage").stat().st_mode) == 0o700


def test_what_a_crash_left_half_written_is_written_over(storage: Storage) -> None:
    storage.write("a/b.pdf", b"1")
    (storage.root / "a" / f"b.pdf{TEMPORARY}").write_bytes(b"half a fi")
    storage.write("a/b.pdf", b"2")
    assert [path.name for path in (storage.root / "a").iterdir()] == ["b.pdf"]
    assert storage.read("a/b.pdf") == b"2"


@pytest.mark.parametrize("name", ["../out.txt", "a/../../out.txt", "dossiers/..", "..", "a/..", "/tmp/out.txt"])
def test_no_name_leads_out_of_the_storage(storage: Storage, name: str) -> None:
    with pytest.raises(ValueError, match="stays inside the storage"):
        storage.write(name, b"x")
    with pytest.raises(ValueError, match="stays inside the storage"):
        storage.read(name)
    assert list(storage.root.parent.iterdir()) == [storage.root]


def test_the_guard_stands_without_asserts_too(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from pipeline.edges.storage import Storage;"
        "Storage(Path(sys.argv[1])).write('../out.txt', b'x')"
    )
    subprocess.run([sys.executable, "-O", "-c", script, str(tmp_path / "storage")], check=False, capture_output=True)
    assert not (tmp_path / "out.txt").exists()


def test_a_full_disk_is_said_in_our_words_and_leaves_the_old_file(tmp_path: Path) -> None:
    script = (
        "import resource, signal, sys; from pathlib import Path; from pipeline.edges.storage import Storage;"
        "from pipeline.errors import StorageFailed; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "storage = Storage(Path(sys.argv[1])); storage.write('a', b'old');"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "try: storage.write('a', b'x' * 5000)\n"
        "except StorageFailed as error: print(error)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "s")], check=True, capture_output=True, text=True
    )
    assert "nothing was taken as done; make room on the disk" in ended.stdout
    assert (tmp_path / "s" / "a").read_bytes() == b"old"
    assert StorageFailed.exit_code == 74
