"""The benchmark starts, and its table says what was measured; what takes time is measured by hand, not here."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.floor import Floor
from benchmarks.papers import paperwork
from benchmarks.table import Row, markdown, p95
from pipeline.press.assets import Assets
from pipeline.press.page import PagePress
from pipeline.press.templates import environment
from tests.world import World


def test_the_benchmark_says_how_it_is_used() -> None:
    asked = subprocess.run(
        [sys.executable, "-m", "benchmarks.outgoing", "--help"],
        cwd=Path(__file__).parent.parent, capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    assert "--quick" in asked.stdout


def test_a_row_shows_the_medians_and_their_ratio() -> None:
    row = Row("one file", floor=[0.1, 9.0, 0.2], product=[0.3, 0.1, 0.25], goal=1.25)
    assert row.ratio == pytest.approx(1.25)
    assert row.cells()[:5] == ["one file", "0.200 s", "0.250 s", "1.25", "≤ 1.25 met"]


def test_a_goal_that_is_missed_says_so() -> None:
    assert Row("one file", [1.0], [1.26], 1.25).cells()[4] == "≤ 1.25 missed"


def test_a_figure_without_a_floor_is_held_against_the_goal_itself() -> None:
    row = Row("memory", product=[251.0], goal=250.0, unit="MB")
    assert row.cells() == ["memory", "", "251.0 MB", "", "≤ 250 MB missed", ""]


def test_nineteen_in_twenty_are_not_above_the_95th_percentile() -> None:
    assert p95([float(figure) for figure in range(101)]) == 95.0
    assert p95([3.0]) == 3.0


def test_every_line_of_the_table_has_as_many_cells() -> None:
    table = markdown([Row("a", [1.0, 2.0], [2.0, 3.0]), Row("b", product=[1.0])]).splitlines()
    assert len(table) == 4
    assert {line.count("|") for line in table} == {7}


@pytest.mark.parametrize("sponsored", [False, True])
def test_the_floor_prints_the_very_same_documents_as_the_press(world: World, *, sponsored: bool) -> None:
    templates = world.folder / "templates"
    floor, assets = Floor(templates, 0), Assets(templates)
    page, jinja = PagePress(assets), environment(assets, escape=True)
    for document in paperwork(world.folder, 1, sponsored=sponsored)["documents"]:
        html = jinja.get_template(document["template"]).render(document["values"])
        assert floor.print(document) == page.print(html)[0]
