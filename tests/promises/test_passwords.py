"""P12: where a password is kept, which of several counts, and that typing it shows nothing."""

from __future__ import annotations

import io
import os
import pty
import select
import stat
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend

from pipeline.edges import secrets
from pipeline.errors import ConfigError
from pipeline.secret import Secret
from tests.world import World

ACCOUNT = "coach@mail.practice.example"
PASSWORD = "5ecret-pw-0zq"


class PlainStore(KeyringBackend):
    """A password store that keeps passwords in the open."""

    priority = 9

    def get_password(self, service: str, username: str) -> str:
        return "from the plain store"

    def set_password(self, service: str, username: str, password: str) -> None:
        raise AssertionError("a password went into a store that is none")


@pytest.fixture(autouse=True)
def plain_store() -> Iterator[None]:
    """Let this computer have a store that must not count."""
    before = keyring.get_keyring()
    keyring.set_keyring(PlainStore())  # type: ignore[no-untyped-call]  # keyring's own
    yield
    keyring.set_keyring(before)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A computer on which nothing is kept yet."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "settings"))
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    monkeypatch.setattr("sys.stdin", io.StringIO())
    return tmp_path


def credential(home: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    (home / "credentials").mkdir()
    (home / "credentials" / ACCOUNT).write_text(text)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(home / "credentials"))


def test_a_systemd_credential_counts_before_a_file(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secrets.store(ACCOUNT, Secret("from the file"))
    assert secrets.find(ACCOUNT).reveal() == "from the file"
    credential(home, monkeypatch, "from systemd\n")
    assert secrets.find(ACCOUNT).reveal() == "from systemd"


def test_without_a_password_the_advice_is_what_to_type(home: Path) -> None:
    with pytest.raises(ConfigError, match=f"pipeline password {ACCOUNT}"):
        secrets.find(ACCOUNT)


def test_a_kept_password_is_a_file_for_its_owner_only(home: Path) -> None:
    before = os.umask(0)
    try:
        secrets.store(ACCOUNT, Secret(PASSWORD))
    finally:
        os.umask(before)
    path = secrets.secret_file(ACCOUNT)
    assert [stat.S_IMODE(one.stat().st_mode) for one in (path, path.parent)] == [0o600, 0o700]
    assert [one.name for one in path.parent.iterdir()] == [ACCOUNT]
    assert secrets.find(ACCOUNT).reveal() == PASSWORD


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660, 0o601])
def test_a_password_file_that_others_can_read_is_refused_with_what_to_type(home: Path, mode: int) -> None:
    secrets.store(ACCOUNT, Secret(PASSWORD))
    secrets.secret_file(ACCOUNT).chmod(mode)
    with pytest.raises(ConfigError, match="chmod 600") as refused:
        secrets.find(ACCOUNT)
    assert PASSWORD not in str(refused.value)


def test_a_secret_shows_itself_nowhere() -> None:
    secret = Secret(PASSWORD)
    assert PASSWORD not in f"{secret} {secret!r} {[secret]}"


def test_an_account_cannot_lead_out_of_the_folder_of_passwords(home: Path) -> None:
    path = secrets.secret_file("../../../etc/passwd@host")
    assert path.parent == home / "settings" / "pipeline" / "passwords"


def test_a_password_comes_from_the_input_where_there_is_no_terminal(world: World) -> None:
    ended = subprocess.run(
        world.command("password", ACCOUNT), env=world.environment(), input=f"{PASSWORD}\n", capture_output=True,
        text=True, timeout=60, check=True, umask=0,
    )  # fmt: skip
    assert PASSWORD not in ended.stdout + ended.stderr
    kept = world.settings / "pipeline" / "passwords" / ACCOUNT
    assert (kept.read_text(), stat.S_IMODE(kept.stat().st_mode)) == (PASSWORD, 0o600)


def test_no_password_typed_changes_nothing(world: World) -> None:
    world.keep_password(ACCOUNT, PASSWORD)
    ended = world.program("password", ACCOUNT)
    assert (ended.returncode, ended.stdout) == (64, "")
    assert (world.settings / "pipeline" / "passwords" / ACCOUNT).read_text() == PASSWORD


def test_a_password_typed_at_a_terminal_is_not_echoed(world: World) -> None:
    try:
        ours, theirs = pty.openpty()
    except OSError:
        pytest.skip("this place has no terminals (/dev/pts)")
    process = subprocess.Popen(
        world.command("password", ACCOUNT), env=world.environment(), stdin=theirs, stdout=theirs, stderr=theirs,
        start_new_session=True,
    )  # fmt: skip
    os.close(theirs)
    shown = read_until(ours, b"Password of")
    os.write(ours, f"{PASSWORD}\n".encode())
    shown += read_until(ours, b"kept in")
    assert process.wait(timeout=30) == 0
    os.close(ours)
    assert PASSWORD.encode() not in shown
    assert (world.settings / "pipeline" / "passwords" / ACCOUNT).read_text() == PASSWORD


def read_until(terminal: int, text: bytes) -> bytes:
    """Read what the terminal shows until `text` stands there and all is said for now."""
    shown, deadline = b"", time.monotonic() + 30
    while text not in shown:
        ready, _, _ = select.select([terminal], [], [], deadline - time.monotonic())
        assert ready, shown
        shown += os.read(terminal, 1000)
    return shown
