"""kill -9 at any call of an erasure that makes something durable: it finishes later, and the ledger tells the truth."""

from __future__ import annotations

import json
import random
import re
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipeline.edges import ledger
from pipeline.policy.schema.base import Grade
from pipeline.practice import Practice
from pipeline.retention import lives, receipts, strays, timetable
from tests.crash.injection import STRACE, needs_strace
from tests.crash.points import DURABLE
from tests.retention import story
from tests.retention.scene import Scene, copied, scene
from tests.world import CLIENT, SPONSOR, World

pytestmark = needs_strace
ANNOUNCED, DUE = datetime(2026, 12, 5, 8, tzinfo=UTC), datetime(2026, 12, 20, 8, tzinfo=UTC)
SEED, SAMPLE = 20_261_220, 2
TYPED = {"client": CLIENT, "sponsor": SPONSOR, "name": "Sanne Jansen", "contact": "Peter de Vries", "goal": "Meer rust"}
PARTS = {"client", "employer", "sponsor", "goal", "offer", "quote", "consent", "mail_out"}
Point = tuple[str, int]


@pytest.fixture(scope="session")
def announced(composed: World, tmp_path_factory: pytest.TempPathFactory) -> World:
    """A dossier that was announced, and whose day has come."""
    world = copied(composed, tmp_path_factory.mktemp("announced"))
    with scene(world) as made:
        made.told("closed", "2021-12-20")
        made.run("INSERT OR REPLACE INTO settings VALUES ('clock', ?)", ANNOUNCED.isoformat())
        timetable.keep_promises(made.practice, ANNOUNCED, lambda _: None)
        assert {row["part"] for row in made.practice.database.rows("SELECT part FROM erasures")} == PARTS
    return world


def erasing(world: World, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.retention.erasing", str(world.folder), DUE.isoformat()]
    strace = [str(STRACE), "-qq", *options] if options else []
    return subprocess.run(
        [*strace, *command], env=world.environment(), capture_output=True, text=True, timeout=100, check=False
    )


@pytest.fixture(scope="session")
def points(announced: World, tmp_path_factory: pytest.TempPathFactory) -> list[Point]:
    """Give every durable call of an undisturbed erasure, from the first mark on."""
    world = copied(announced, tmp_path_factory.mktemp("counted"))
    log = world.folder.parent / "calls"
    names = ",".join(f"?{name}" for name in DURABLE)
    assert erasing(world, "-o", str(log), "-e", "signal=none", "-e", f"trace={names}").returncode == 0
    counts: Counter[str] = Counter()
    found = []
    for line in log.read_text(errors="replace").splitlines():
        if call := re.match(r"(\w+)\(", line):
            counts[call[1]] += 1
            found.append((call[1], counts[call[1]]))
    return found


def kill_and_recover(announced: World, folder: Path, point: Point) -> None:
    """Kill at a point, see that nothing is claimed that is not so, go on, and see that all is done, once."""
    world = copied(announced, folder)
    name, number = point
    killed = erasing(world, "-o", "/dev/null", "-e", f"trace={name}",
                     "-e", f"inject={name}:signal=KILL:when={number}")  # fmt: skip
    assert killed.returncode != 0, point
    with scene(world) as made:
        nothing_is_claimed_too_soon(made.practice)
        for later in (1, 2, 30):
            timetable.keep_promises(made.practice, DUE + timedelta(hours=later), lambda _: None)
        all_is_done_once(made)
    assert story.found_below(world.folder / "storage", story.needles(TYPED)) == {}


def entries(practice: Practice) -> list[dict[str, object]]:
    return [json.loads(row["entry"]) for row in practice.database.rows("SELECT entry FROM ledger ORDER BY number")]


def nothing_is_claimed_too_soon(practice: Practice) -> None:
    """What the ledger calls erased is not held any more, and its chain is whole."""
    verified = {entry["part"] for entry in entries(practice) if entry["event"] == "erasure.verified"}
    held = {one.part for one in lives.held(practice.database, practice.today, 12)}
    assert not verified & held
    assert not ledger.verify([tuple(row) for row in practice.database.rows("SELECT * FROM ledger")])


def all_is_done_once(made: Scene) -> None:
    practice, told = made.practice, entries(made.practice)
    assert not practice.database.value("SELECT count(*) FROM dossiers")
    assert Counter(entry["part"] for entry in told if entry["event"] == "erasure.verified") == Counter(PARTS)
    assert sum(entry["event"] == "dossier.ended" for entry in told) == 1
    assert {entry["grade"] for entry in told if entry["event"] == "erasure.verified"} <= {
        Grade.UNRECOVERABLE_INSIDE, Grade.OBSERVED_ABSENT,
    }  # fmt: skip
    (receipt,) = practice.storage.path("receipts").iterdir()
    assert receipts.disagreements(practice, receipt.read_bytes()) == []
    assert len(json.loads(receipt.read_bytes())["entries"]) == len(PARTS) + 1
    assert not practice.database.value("SELECT count(*) FROM settings WHERE name = 'erasing'")
    assert not list(strays.held(practice))
    files = [path for path in practice.storage.root.rglob("*") if path.is_file()]
    assert {path.name.partition(".")[0] for path in files} <= {"state", receipt.stem}


@pytest.mark.timeout(300)
def test_killed_at_a_sampled_point_it_finishes_later_and_the_ledger_tells_the_truth(
    announced: World, points: list[Point], tmp_path: Path
) -> None:
    assert len(points) > 50
    for number, point in enumerate(random.Random(SEED).sample(points, SAMPLE)):
        kill_and_recover(announced, tmp_path / str(number), point)


@pytest.mark.long
@pytest.mark.timeout(7200)
def test_killed_at_any_point_it_finishes_later_and_the_ledger_tells_the_truth(
    announced: World, points: list[Point], tmp_path: Path
) -> None:
    for number, point in enumerate(points):
        kill_and_recover(announced, tmp_path / str(number), point)
