"""P8: once its doors are closed, the press's process opens no other file, no line, no program and no library."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

BEGIN = """
import ctypes, io, os, pathlib, shutil, socket, sqlite3, subprocess, sys
from pipeline.confined import lock
root = pathlib.Path(sys.argv[1])
secret, templates, scratch = root / "secret.txt", root / "templates", root / "scratch"
lock.close_doors(scratch, templates)
"""
REFUSED = {
    "another file": 'open("/etc/passwd")',
    "another file by its number": 'os.open("/etc/passwd", os.O_RDONLY)',
    "another file by a path": "secret.read_text()",
    "a way around": 'open(f"{templates}/../secret.txt")',
    "a link out of the templates": '(templates / "out").read_text()',
    "a template, to write": 'open(templates / "quote.html", "a")',
    "a template, to write by its number": 'os.open(templates / "quote.html", os.O_WRONLY)',
    "a new file outside": 'open(root / "new", "w")',
    "a connection": 'socket.create_connection(("127.0.0.1", 9))',
    "a socket": "socket.socket()",
    "a name looked up": 'socket.getaddrinfo("localhost", 80)',
    "a program": 'subprocess.run(["true"])',
    "a shell": 'os.system("true")',
    "a shell with a pipe": 'os.popen("true").read()',
    "a fork": "os.fork()",
    "another program instead": 'os.execv("/bin/true", ["true"])',
    "a spawned program": 'os.posix_spawn("/bin/true", ["true"], {})',
    "an address": '__import__("urllib.request").request.urlopen("file:///etc/passwd")',
}
FURTHER = {
    "a library": "ctypes.CDLL(None)",
    "a file by its raw class": "io.FileIO(secret).read()",
    "a database": 'sqlite3.connect(root / "state.db").execute("CREATE TABLE t (a)")',
    "a file removed": "secret.unlink()",
    "a file moved in": 'secret.rename(scratch / "mine"); print((scratch / "mine").read_text())',
    "a second name for a file": 'os.link(secret, scratch / "mine"); print((scratch / "mine").read_text())',
    "a folder listed": 'os.listdir("/etc")',
    "a file's rights": "secret.chmod(0o666)",
}
ALLOWED = {
    "a template": '(templates / "quote.html").read_text()',
    "a file of its own": '(scratch / "mine").write_text("x"); (scratch / "mine").read_text()',
    "its libraries": "import colorsys; open(os.__file__).read()",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder with templates, scratch and a secret."""
    for name in ("templates", "scratch"):
        (tmp_path / name).mkdir()
    (tmp_path / "templates" / "quote.html").write_text("<p>")
    (tmp_path / "templates" / "out").symlink_to(tmp_path / "secret.txt")
    (tmp_path / "secret.txt").write_text("secret")
    return tmp_path


def tried(root: Path, act: str) -> str:
    """Do `act` behind closed doors; gives the kind of error that it met, or `done`."""
    program = (
        f"{BEGIN}\ntry:\n    {act}\nexcept BaseException as e:\n    print(type(e).__name__)\nelse:\n    print('done')"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program, str(root)], capture_output=True, text=True, timeout=60, check=True
    )
    return ended.stdout.splitlines()[-1]


@pytest.mark.parametrize("what", REFUSED)
def test_behind_closed_doors_this_is_refused(root: Path, what: str) -> None:
    assert tried(root, REFUSED[what]) in {"PermissionError", "URLError"}
    assert (root / "secret.txt").read_text() == "secret"


@pytest.mark.parametrize("what", FURTHER)
def test_behind_closed_doors_this_is_refused_too(root: Path, what: str) -> None:
    assert tried(root, FURTHER[what]) == "PermissionError"


@pytest.mark.parametrize("what", ALLOWED)
def test_behind_closed_doors_the_press_can_still_do_its_work(root: Path, what: str) -> None:
    assert tried(root, ALLOWED[what]) == "done"
