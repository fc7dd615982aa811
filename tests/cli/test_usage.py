"""The command line itself: where the practice is, what was typed wrong, and a reader that stops reading."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.commands import Typing, program
from tests.world import World


def test_an_unknown_command_names_those_there_are(typed: Typing) -> None:
    refused = typed("stauts")
    assert refused.code == 2
    for command in ("init", "check", "doctor", "run", "status", "show", "preview", "ledger", "release", "settle"):
        assert command in refused.said


def test_without_a_command_the_usage_is_shown(typed: Typing) -> None:
    assert typed().code == 2 and "usage: pipeline" in typed().said


def test_help_and_version_are_there_for_every_command(typed: Typing) -> None:
    assert typed("--version").out.strip().count(".") == 2
    for command in ("init", "check", "doctor", "password", "run", "demo", "status", "show", "preview", "ledger"):
        asked = typed(command, "--help")
        assert asked.code == 0 and f"usage: pipeline {command}" in asked.out


def test_a_folder_that_is_no_practice_says_how_to_make_one(typed: Typing, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    refused = typed("status", "--practice", str(tmp_path / "other"))
    assert refused.code == 78 and refused.said == (
        f"{tmp_path / 'other'} is not a practice folder (no practice.yaml); "
        f"make one with: pipeline init {tmp_path / 'other'}\n"
    )
    assert list((tmp_path / "other").iterdir()) == []
    assert typed("status", "--practice", str(tmp_path / "nowhere")).code == 78


def test_the_practice_is_the_option_else_the_variable_else_this_folder(
    typed: Typing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = World(tmp_path / "second")
    other.drop("klant: x\n", "second.yaml")
    other.work()
    assert typed("status").out == "nothing waits\n"
    assert "second.yaml" in typed("status", "--practice", str(other.folder)).out
    monkeypatch.setenv("PIPELINE_PRACTICE", str(other.folder))
    assert "second.yaml" in typed("status").out
    monkeypatch.delenv("PIPELINE_PRACTICE")
    monkeypatch.chdir(other.folder)
    assert "second.yaml" in typed("status").out
    monkeypatch.setenv("PIPELINE_PRACTICE", "")
    assert "second.yaml" in typed("status").out


@pytest.mark.parametrize("command", ["ledger", pytest.param("status", marks=pytest.mark.long), "--version"])
def test_a_reader_that_stopped_reading_is_no_error(world: World, command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)
    world.drop("klant: x\n")
    reading, writing = os.pipe()
    os.close(reading)
    ended = subprocess.run(
        world.command(command), env=world.environment(), stdout=writing, stderr=subprocess.PIPE, check=False
    )
    os.close(writing)
    assert ended.stderr == b""


def test_the_first_lines_of_a_long_ledger_can_be_read_alone(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)
    with world.opened() as practice:
        practice.database.run("BEGIN")
        for number in range(2000):
            practice.database.run("INSERT INTO ledger VALUES (?, '{}', ?)", number + 1, "0" * 64)
        practice.database.run("COMMIT")
    command = " ".join(world.command("ledger"))
    ended = subprocess.run(
        ["bash", "-c", f"{command} | head -n 2; exit ${{PIPESTATUS[0]}}"], env=world.environment(), capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    assert (ended.stdout, ended.stderr, ended.returncode) == ("     1  {}\n     2  {}\n", "", 0)


def test_two_that_work_at_once_are_refused_with_the_others_number(world: World) -> None:
    with subprocess.Popen(
        world.command("run"), env=world.environment(), stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
    ) as first:
        assert first.stderr
        try:
            for line in first.stderr:
                if "watching" in line:
                    break
            second = program(world, "run", "--once", environment={})
            assert second.code == 75 and f"(process {first.pid})" in second.said and second.said.count("\n") == 1
            assert world.typed("status").returncode == 0
        finally:
            first.terminate()
        assert first.wait(30) == 0 and "stopped; nothing is lost" in first.stderr.read()


def test_importing_the_program_does_nothing(tmp_path: Path) -> None:
    script = (
        "import pkgutil, pipeline, importlib\n"
        "for module in pkgutil.walk_packages(pipeline.__path__, 'pipeline.'):\n"
        "    if not module.name.endswith('__main__'): importlib.import_module(module.name)\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        capture_output=True,
        check=False,
        env=os.environ | {"HOME": str(tmp_path)},
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, b"", b"")
    assert [path.name for path in tmp_path.iterdir() if path.name != ".cache"] == []
