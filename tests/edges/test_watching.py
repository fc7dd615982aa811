"""The loop wakes when something is dropped, works without events too, and outlives a drive that goes away (D3, P11)."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pipeline.edges import folder
from pipeline.worker import POLL, Worker
from tests.edges.dropping import until
from tests.world import World, client_file


class Loop:
    """A worker's loop in a thread of its own, with what it told and how many passes it made."""

    def __init__(self, world: World) -> None:
        self.told: list[str] = []
        self.passes = 0
        self.ready = threading.Event()
        self._end: Callable[[], None] = lambda: None
        self._thread = threading.Thread(target=self._run, args=(world,), daemon=True)

    def _run(self, world: World) -> None:
        with world.opened() as practice:
            worker, wake = Worker(practice, tell=self.told.append), threading.Event()

            def end() -> None:
                practice.stopping.set()
                wake.set()

            self._end, worker.after_pass = end, self._passed
            worker.loop(wake)

    def _passed(self, _moved: int) -> None:
        self.passes += 1
        self.ready.set()

    def start(self) -> None:
        self._thread.start()
        assert self.ready.wait(60)

    def stop(self) -> None:
        self._end()
        self._thread.join(60)

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    def another_pass(self) -> None:
        before = self.passes
        assert until(lambda: self.passes > before)


@contextmanager
def looping(world: World) -> Iterator[Loop]:
    """Run the loop for as long as the block lasts; it must have lived until its end."""
    loop = Loop(world)
    loop.start()
    try:
        yield loop
        assert loop.alive
    finally:
        loop.stop()
    assert not loop.alive


def accepted(world: World) -> int:
    return len(world.rows("SELECT 1 FROM requests"))


def test_what_is_dropped_wakes_the_worker_within_a_second(world: World) -> None:
    world.small_templates()
    waits = []
    with looping(world) as loop:
        for number in range(5):
            loop.another_pass()
            started = time.monotonic()
            world.drop(client_file(f"Client {number}"), f"{number}.yaml")
            assert until(lambda: accepted(world) > number)  # noqa: B023 - asked within this turn
            waits.append(time.monotonic() - started)
    assert sorted(waits)[2] < 1


def test_without_events_polling_finds_what_is_dropped(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_events(_roots: list[Path], _wake: Callable[[], None]) -> Callable[[], None]:
        return lambda: None

    world.small_templates()
    monkeypatch.setattr(folder, "watch", no_events)
    with looping(world):
        started = time.monotonic()
        world.drop(client_file())
        assert until(lambda: accepted(world) == 1)
        assert time.monotonic() - started < POLL + 3


def test_a_drive_that_goes_away_and_comes_back_is_said_once_and_carried_on_with(world: World) -> None:
    world.small_templates()
    away = world.folder / "away"
    with looping(world) as loop:
        world.drop_folder.rename(away)
        assert until(lambda: any("No such file" in text for text in loop.told))
        loop.another_pass()
        loop.another_pass()
        assert len([text for text in loop.told if "No such file" in text]) == 1
        away.rename(world.drop_folder)
        world.drop(client_file())
        assert until(lambda: accepted(world) == 1)
        world.drop(client_file("Bob"), "bob.yaml")
        assert until(lambda: accepted(world) == 2)


def test_a_drive_that_goes_away_is_said_by_its_place(world: World) -> None:
    away = world.folder / "away"
    with looping(world) as loop:
        world.drop_folder.rename(away)
        assert until(lambda: any("No such file" in text for text in loop.told))
        away.rename(world.drop_folder)
    assert any(str(world.drop_folder) in text for text in loop.told)


def test_a_drive_that_is_replaced_by_another_is_worked_on_by_polling(world: World) -> None:
    world.small_templates()
    with looping(world):
        world.drop_folder.rename(world.folder / "old drive")
        world.drop_folder.mkdir()
        world.drop(client_file())
        assert until(lambda: accepted(world) == 1)
    assert not list(world.drop_folder.iterdir())


def test_a_watcher_calls_for_every_way_in_which_a_file_arrives(tmp_path: Path) -> None:
    called = threading.Event()
    end = folder.watch([tmp_path], called.set)
    other = tmp_path.parent / "other.yaml"
    other.write_text("x", "utf-8")
    ways: list[Callable[[], object]] = [
        lambda: (tmp_path / "written.yaml").write_text("x", "utf-8"),
        lambda: (tmp_path / "written.yaml").rename(tmp_path / "renamed.yaml"),
        lambda: (tmp_path / "linked.yaml").hardlink_to(other),
        lambda: other.rename(tmp_path / "moved.yaml"),
        (tmp_path / "moved.yaml").unlink,
        lambda: (tmp_path / "link.yaml").symlink_to("nowhere"),
    ]
    try:
        for way in ways:
            called.clear()
            way()
            assert called.wait(10)
    finally:
        end()
    called.clear()
    (tmp_path / "after.yaml").write_text("x", "utf-8")
    assert not called.wait(0.1)


def test_where_nothing_can_be_watched_the_loop_is_left_to_polling(tmp_path: Path) -> None:
    folder.watch([tmp_path / "missing"], lambda: None)()
