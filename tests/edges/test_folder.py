"""The drop folder: only what is whole and ours to read is read; nothing blocks and nothing follows a link (D1-D7)."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
import sys
import threading
import time
import unicodedata
from pathlib import Path

import pytest

from pipeline.edges.folder import SETTLE, DropFolder, Dropped
from tests.edges.dropping import TEXT, dropped, moved_in, settled, unfit, until

HOLDER = "import sys; file = open(sys.argv[1], 'ab', 0)\nfor _ in sys.stdin: file.write(b'x'); print(flush=True)"
EDITORS = [
    # Linux
    ".a.yaml.swp", ".a.yaml.swx", "a.yaml.swp", "a.yaml~", "#a.yaml#", ".#a.yaml", "4913", ".goutputstream-X1",
    ".~lock.a.yaml#", ".a.yaml", "a.yaml.tmp", "a.yaml.part", "a.yaml.bak", "a.yaml.orig", ".a.yaml.kate-swp",
    "a.yaml.lock",
    # macOS
    ".DS_Store", "._a.yaml", ".a.yaml.icloud", "a.yaml.icloud", ".TemporaryItems", "a.yaml.download",
    # Windows
    "~$a.yaml", "~a.tmp", "~WRL0001.tmp", "Thumbs.db", "desktop.ini", "a.TMP", "a.yaml.crdownload", "a.yaml.partial",
]  # fmt: skip
CONFLICTS = [
    "jansen (Marjan's conflicted copy 2026-11-22).yaml", "jansen (conflicted copy 2026-11-22 101500).yaml",
    "jansen.sync-conflict-20261122-101500-ABC.yaml", "jansen (Case Conflict).yaml",
    "jansen (conflicterende kopie van Marjan 2026-11-22).yaml", "jansen (conflictkopie).yaml",
]  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> DropFolder:
    (tmp_path / "drop").mkdir()
    return DropFolder(tmp_path / "drop")


def test_a_file_that_is_moved_in_counts_at_once(folder: DropFolder) -> None:
    moved_in(folder.root, "b.yaml", b"b")
    moved_in(folder.root, "a.yml", b"a")
    assert list(dropped(folder.look()).items()) == [("a.yml", b"a"), ("b.yaml", b"b")]
    assert not folder.waiting


def test_files_come_in_the_order_in_which_they_were_saved(folder: DropFolder) -> None:
    for name, at in (("c.yaml", 100), ("a.yaml", 300), ("b.yaml", 200), ("d.yaml", 200)):
        moved_in(folder.root, name, at=at)
    assert list(dropped(folder.look())) == ["c.yaml", "b.yaml", "d.yaml", "a.yaml"]


def test_a_file_that_somebody_holds_open_for_writing_waits_however_long_it_pauses(folder: DropFolder) -> None:
    file = moved_in(folder.root, "a.yaml", b"")
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, file], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as writer:
        assert writer.stdin and writer.stdout
        for _ in range(20):
            writer.stdin.write(b"\n")
            writer.stdin.flush()
            writer.stdout.readline()
            os.utime(file, (1_700_000_000, 1_700_000_000))
            assert folder.look() == [] and folder.waiting
    os.utime(file, (1_700_000_000, 1_700_000_000))
    assert dropped(folder.look()) == {"a.yaml": b"x" * 20}


def test_a_file_that_grows_in_steps_is_read_only_when_it_is_whole(folder: DropFolder) -> None:
    file, whole = folder.root / "a.yaml", TEXT[:8]

    def write() -> None:
        for at in range(len(whole)):
            with file.open("ab") as growing:
                growing.write(whole[at : at + 1])
            time.sleep(SETTLE / 5)

    writer = threading.Thread(target=write)
    writer.start()
    seen = []
    while writer.is_alive():
        seen += [one.data for one in folder.look() if isinstance(one, Dropped)]
    writer.join()
    assert set(seen) <= {whole}
    assert dropped(settled(folder)) == {"a.yaml": whole}


def test_a_file_that_is_cut_and_written_anew_is_never_read_empty(folder: DropFolder) -> None:
    file, seen = moved_in(folder.root, "a.yaml", b"old"), set()
    for number in range(40):
        file.write_bytes(b"")
        seen |= {one.data for one in folder.look() if isinstance(one, Dropped)}
        file.write_bytes(b"new%d" % number)
        seen |= {one.data for one in folder.look() if isinstance(one, Dropped)}
    assert seen == set()
    assert dropped(settled(folder)) == {"a.yaml": b"new39"}


def test_a_saved_file_is_read_within_a_moment_after_the_save(folder: DropFolder) -> None:
    (folder.root / "a.yaml").write_bytes(TEXT)
    saved = time.monotonic()
    assert folder.look() == [] and folder.waiting
    assert until(lambda: dropped(folder.look()) == {"a.yaml": TEXT})
    assert SETTLE * 0.9 <= time.monotonic() - saved < SETTLE + 2


@pytest.mark.parametrize("at", [0, -1_000_000_000, 1, 2**33], ids=str)
def test_a_clock_that_was_wrong_when_a_file_was_saved_does_not_keep_it_for_ever(folder: DropFolder, at: float) -> None:
    moved_in(folder.root, "a.yaml", at=at)
    assert dropped(settled(folder, 5)) == {"a.yaml": TEXT}


@pytest.mark.parametrize("name", EDITORS)
def test_what_editors_and_clouds_leave_for_themselves_is_not_looked_at(folder: DropFolder, name: str) -> None:
    moved_in(folder.root, name)
    assert folder.look() == [] and not folder.waiting


@pytest.mark.parametrize("name", CONFLICTS)
def test_a_conflict_copy_is_shown_and_never_read(folder: DropFolder, name: str) -> None:
    moved_in(folder.root, name)
    assert unfit(folder.look()) == {name: "refused_conflict"}


@pytest.mark.parametrize(
    "name", ["a.YAML", "a.Yml", "klant nr. 1 (2).yaml", "李.yaml", "-rf.yaml", "a;b|c.yaml", "'.yaml"]
)
def test_any_name_that_ends_in_yaml_is_a_client_file(folder: DropFolder, name: str) -> None:
    moved_in(folder.root, name)
    assert dropped(folder.look()) == {name: TEXT}


@pytest.mark.parametrize("name", ["a.yaml.txt", "a.docx", "yaml", "a", "a.json"])
def test_any_other_name_is_refused(folder: DropFolder, name: str) -> None:
    moved_in(folder.root, name)
    assert unfit(folder.look()) == {name: "refused_name"}


def test_two_names_that_look_the_same_are_two_files(folder: DropFolder) -> None:
    names = {unicodedata.normalize(form, "Müller.yaml") for form in ("NFC", "NFD")}
    for name in names:
        moved_in(folder.root, name, name.encode())
    assert dropped(folder.look()) == {name: name.encode() for name in names} and len(names) == 2


def test_what_is_no_ordinary_file_is_refused_and_never_waited_for(folder: DropFolder) -> None:
    secret = folder.root.parent / "secret.yaml"
    secret.write_bytes(TEXT)
    (folder.root / "link.yaml").symlink_to(secret)
    (folder.root / "dangling.yaml").symlink_to("nowhere")
    (folder.root / "loop.yaml").symlink_to("loop.yaml")
    (folder.root / "hard.yaml").hardlink_to(secret)
    (folder.root / "folder.yaml").mkdir()
    os.mkfifo(folder.root / "pipe.yaml")
    listening = socket.socket(socket.AF_UNIX)
    with listening:
        listening.bind(str(folder.root / "socket.yaml"))
        assert unfit(folder.look()) == {
            "link.yaml": "refused_link", "dangling.yaml": "refused_link", "loop.yaml": "refused_link",
            "hard.yaml": "refused_shared", "folder.yaml": "refused_not_a_file", "pipe.yaml": "refused_not_a_file",
            "socket.yaml": "refused_not_a_file",
        }  # fmt: skip


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes devices")
def test_a_device_is_refused(folder: DropFolder) -> None:
    try:
        os.mknod(folder.root / "zero.yaml", stat.S_IFCHR | 0o600, os.makedev(1, 5))
    except PermissionError:
        pytest.skip("this machine does not let root make devices")
    assert unfit(folder.look()) == {"zero.yaml": "refused_not_a_file"}


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_file_without_rights_is_said_and_keeps_nobody_waiting(folder: DropFolder) -> None:
    moved_in(folder.root, "a.yaml").chmod(0)
    moved_in(folder.root, "b.yaml")
    found = folder.look()
    assert unfit(found) == {"a.yaml": "refused_unreadable"} and dropped(found) == {"b.yaml": TEXT}


def test_files_that_come_and_go_while_we_look_break_nothing(folder: DropFolder) -> None:
    over = threading.Event()

    def flicker() -> None:
        while not over.is_set():
            moved_in(folder.root, "a.yaml").unlink()
            (folder.root / "a.yaml").symlink_to("/etc/passwd")
            (folder.root / "a.yaml").unlink()

    flickering = threading.Thread(target=flicker)
    flickering.start()
    try:
        for _ in range(2000):
            assert set(dropped(folder.look()).values()) <= {TEXT}
    finally:
        over.set()
        flickering.join()


def test_a_file_larger_than_any_form_is_not_read_whole(folder: DropFolder) -> None:
    file = moved_in(folder.root, "a.yaml", b"")
    os.truncate(file, 1 << 34)
    os.utime(file, (1_700_000_000, 1_700_000_000))
    assert len(dropped(folder.look())["a.yaml"]) == (64 << 10) + 1


def test_only_looking_moves_nothing_and_waits_for_nothing(folder: DropFolder) -> None:
    (folder.root / "a.yaml").write_bytes(TEXT)
    moved_in(folder.root, ".pipeline-taken/b.yaml")
    assert dropped(folder.look(settle=False)) == {"a.yaml": TEXT}
    assert {path.name for path in folder.root.iterdir()} == {"a.yaml", ".pipeline-taken"}
