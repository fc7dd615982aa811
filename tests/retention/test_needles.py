"""The needle test: everything that was typed about people is a canary, and after its day no byte of it is left."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipeline.sandbox import SandboxServer
from tests.retention import story
from tests.retention.story import STATUTORY, Story
from tests.world import COACH, World

BEFORE_THE_FLOOR, AT_LAST = datetime(2033, 12, 1, tzinfo=UTC), datetime(2060, 1, 1, tzinfo=UTC)
DATABASE = {"state.db", "state.db-wal", "state.db-shm"}
ALL_OTHERS = pytest.mark.long
IN_FILES_ONLY = {
    "mail.plain", "mail.base64", "mail.quoted-printable", "mail.subject", "stranger", "dropped", "invoice.file",
}  # fmt: skip
"""What never stood in a row of the database."""


def log_of(caplog: pytest.LogCaptureFixture, said: list[str]) -> bytes:
    return "\n".join([*said, *(record.getMessage() for record in caplog.records)]).encode()


def files_of(world: World) -> set[str]:
    storage = world.folder / "storage"
    return {str(path.relative_to(storage)) for path in storage.rglob("*") if path.is_file()}


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    "policy_name",
    [
        "ken-jezelf",
        pytest.param("refleact", marks=ALL_OTHERS),
        pytest.param("kleur", marks=ALL_OTHERS),
        pytest.param("pluform", marks=ALL_OTHERS),
        pytest.param("ballance", marks=ALL_OTHERS),
    ],
)
def test_after_its_day_no_byte_of_what_was_typed_is_left_and_what_the_law_wants_is_there_until_its_own(
    policy_name: str, shelf: Callable[[str], Path], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    typed = story.canaries(policy_name)
    wanted, lawful, said = story.needles(typed), story.needles({"statutory": STATUTORY}), list[str]()
    with story.told(shelf(policy_name), tmp_path, policy_name) as happened:
        assert set().union(*story.found_below(happened.world.folder, wanted).values()) == set(typed)
        reference = happened.reference
        with happened.world.opened() as practice:
            story.live_on(practice, said, BEFORE_THE_FLOOR)
        late = policy_name == "ballance"  # seven years from the last contact, and another to do it in
        assert late or story.found_below(happened.world.folder, wanted) == {}
        assert "storage/state.db" in story.found_below(happened.world.folder, lawful)
        with happened.world.opened() as practice:
            story.live_on(practice, said, AT_LAST)
        assert story.found_below(happened.world.folder, wanted | lawful) == {}
        assert story.found_in(log_of(caplog, said), wanted | lawful) == set()
        assert files_of(happened.world) <= DATABASE | {f"receipts/{reference}.json", "lock"}
        assert no_mail_of_the_dossier(happened, wanted)


def no_mail_of_the_dossier(happened: Story, wanted: dict[bytes, str]) -> bool:
    """Tell whether the coach's mailbox holds nothing of it; what a stranger wrote to her is hers."""
    left = {hit for name in ("INBOX", "Sent") for raw in happened.server.messages(COACH, name)
            for hit in story.found_in(raw, wanted)}  # fmt: skip
    return left <= {"stranger", "stranger.email"}


@contextmanager
def disk(folder: Path) -> Iterator[tuple[Path, Path]]:
    """Give a disk of its own and the file that holds its every block, where the computer lets us make one."""
    if os.geteuid() != 0 or not shutil.which("mkfs.ext4"):
        pytest.skip("a disk image can be mounted by root only, and takes mkfs.ext4")
    image, mounted = folder / "image", folder / "disk"
    mounted.mkdir()
    with image.open("wb") as made:
        made.truncate(96 << 20)
    subprocess.run(["mkfs.ext4", "-q", image], check=True)
    if subprocess.run(["mount", "-o", "loop", image, mounted], check=False, capture_output=True).returncode:
        pytest.skip("this computer does not let a disk image be mounted")
    try:
        yield mounted, image
    finally:
        subprocess.run(["umount", mounted], check=True)


@pytest.mark.long
@pytest.mark.timeout(300)
def test_of_a_file_that_was_erased_nothing_is_left_in_the_blocks_of_an_ext4_disk(tmp_path: Path) -> None:
    """Not promised: what stood in rows (pages that SQLite let go of), names of files, other file systems, SSDs."""
    wanted = story.needles(story.canaries("kleur"))
    with disk(tmp_path) as (mounted, image):
        root = mounted / "root"
        root.mkdir()
        story.happen(root, "kleur", tmp_path)
        subprocess.run(["sync", "-f", mounted], check=True)
        before = story.found_in(image.read_bytes(), wanted)
        assert before >= IN_FILES_ONLY
        world = World.__new__(World)
        world.folder, world.settings = root / "practice", root / "settings"
        with SandboxServer(tmp_path / "server", story.ACCOUNTS) as server:
            for box, port in (("smtp", server.smtp_port), ("imap", server.imap_port)):
                world.change(rf"^  {box}: .*$", f"  {box}: {story.account(port)}")
            with world.opened() as practice:
                story.live_on(practice, [], AT_LAST)
        subprocess.run(["sync", "-f", mounted], check=True)
        assert story.found_in(image.read_bytes(), wanted) & IN_FILES_ONLY == set()
