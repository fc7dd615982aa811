"""The forecast shows everything that is held once, each with its day or what it waits for, and can be read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from pipeline import statements
from pipeline.cli import main
from pipeline.config.practice import read_practice_file
from pipeline.errors import FileProblems
from pipeline.model import Kind
from pipeline.policy.schema.base import Category
from pipeline.policy.schema.retention import Event
from pipeline.retention import forecast, picture
from pipeline.retention.forecast import Line
from pipeline.retention.versions import plan_of
from tests.retention.scene import START, Scene, copied, on
from tests.world import World

TODAY = date(2026, 11, 22)
SVG = "{http://www.w3.org/2000/svg}"


def line(dossier: str, day: str | None, *parts: tuple[Category, str], held_back: bool = False) -> Line:
    on_day = date.fromisoformat(day) if day else None
    waits: tuple[Event, ...] = () if day else (Event.CLOSED,)
    alarm = None if day else date(2027, 11, 2)
    return Line(dossier, on_day, parts or ((Category.CONTACT, "client"),), ("kleur.general",), ("K-12",), waits, alarm,
                held_back)  # fmt: skip


def table(*found: Line, until: int = 2035, language: str = "en") -> str:
    return "\n".join(forecast.table(found, until, language))


def daily_note(scene: Scene, token: str, at: datetime) -> None:
    """Have the coach been sent a note."""
    scene.run(
        "INSERT INTO messages (token, party, kinds, recipient, message_id, sha256, state, next_at, queued_at,"
        " copy_state, purpose)"
        " VALUES (?1, 'coach', '', 'coach@practice.example', ?1, 's', 'accepted', '', ?2, 'none', 'daily')",
        token, at.isoformat(),
    )  # fmt: skip


def test_all_that_is_held_is_in_the_forecast_once(dossier: Scene) -> None:
    dossier.returned(Kind.QUOTE, on(11, 9))
    dossier.mail(on(11, 10), filed=False, state="left")
    dossier.invoice("2026-0001", "2026-11-20", rest="{}")
    dossier.told("closed", "2026-11-20")
    shown = [(found.dossier, part) for found in forecast.lines(dossier.practice, TODAY) for _, part in found.parts]
    assert sorted(shown) == sorted((one.dossier, part) for part, one in dossier.held().items())
    assert len(shown) == 13


def test_refused_files_and_daily_notes_have_their_day_and_show_no_name(dossier: Scene) -> None:
    (dossier.practice.drop.root / "Sanne Jansen.yaml").write_text("client: {", "utf-8")
    for number, day in enumerate((9, 10, 12)):
        daily_note(dossier, f"token{number}", on(11, day))
    loose = [found for found in forecast.lines(dossier.practice, TODAY) if not found.dossier]
    gone_on = [(part.split()[0], found.rules) for found in loose for _, part in found.parts]
    assert sorted(gone_on) == [("daily", ("house.log",))] * 3 + [("file", ("house.unfiled",))]
    assert all(found.day is not None for found in loose)
    shown = table(*loose, until=2100)
    assert "    7  -         daily note (3 x)\n                 house.log; until 10 February 2027" in shown
    assert "refused file\n                 house.unfiled" in shown and "Sanne" not in shown
    texts = [text for *_, text in boxes(drawn(loose, 2100))]
    assert "zonder dossier" in texts and "geweigerde bestanden en dagberichten" in texts


def test_parts_that_go_on_one_day_by_one_rule_are_one_line_in_the_order_of_their_days(dossier: Scene) -> None:
    dossier.told("closed", "2026-11-20")
    dossier.invoice("2026-0001", "2026-11-20")
    dossier.mail(on(11, 10), filed=False, state="left")
    found = forecast.lines(dossier.practice, TODAY)
    assert [(str(one.day), one.rules, one.clauses, len(one.parts)) for one in found] == [
        ("2027-05-10", ("house.unfiled",), (), 1),
        ("2031-11-20", ("kleur.general",), ("K-12",), 8),
        ("2034-01-01", ("law.fiscal",), (), 1),
    ]


def test_what_waits_is_one_line_with_its_first_alarm_and_says_when_it_is_late(dossier: Scene) -> None:
    dossier.returned(Kind.QUOTE, on(11, 9))
    (found,) = forecast.lines(dossier.practice, TODAY)
    assert (found.day, found.waits_for, found.alarm, found.late) == (None, (Event.CLOSED,), date(2027, 11, 2), False)
    (later,) = forecast.lines(dossier.practice, date(2027, 11, 2))
    assert later.late


def test_what_a_hold_keeps_is_shown_as_kept(dossier: Scene) -> None:
    dossier.told("closed", "2026-11-20")
    dossier.run(
        "INSERT INTO holds (dossier, category, kind, reason, placed_at) VALUES (?, 'goal', 'hold', 'x', '')",
        dossier.reference,
    )
    back = {part: one.held_back for one in forecast.lines(dossier.practice, TODAY) for _, part in one.parts}
    assert [part for part, kept in back.items() if kept] == ["goal"] and len(back) == 8


def test_the_table_is_by_year_and_month_with_totals() -> None:
    shown = table(
        line("AAAA-2222", "2031-06-30", (Category.CONTACT, "client"), (Category.INVOICE, "rest 2026-0001")),
        line("BBBB-3333", "2031-07-01", held_back=True), line("CCCC-4444", "2036-01-01"), line("DDDD-5555", None),
    )  # fmt: skip
    assert shown.splitlines() == [
        "2031                                                       parts: 3, dossiers: 2",
        "  June",
        "   30  AAAA-2222 name and contact details, invoice 2026-0001 (the rest)",
        "                 kleur.general (K-12)",
        "  July",
        "    1  BBBB-3333 name and contact details",
        "                 kleur.general (K-12); is kept back by a hold",
        "",
        "No day yet                                                 parts: 1, dossiers: 1",
        "       DDDD-5555 name and contact details",
        "                 kleur.general (K-12); waits for the closing of the coaching;",
        "                   comes up on 2 November 2027",
        "",
        "After 2035                                                 parts: 1, dossiers: 1",
    ]


@pytest.mark.parametrize("language", ["nl", "en"])
def test_no_line_of_the_table_is_wider_than_a_terminal_and_every_part_has_its_name(language: str) -> None:
    parts = [(Category.CONTACT, part if part not in {"statutory", "rest", "mail", "case"} else f"{part} 2026-0001")
             for part in forecast.PARTS]  # fmt: skip
    shown = table(line("AAAA-2222", "2031-06-30", *parts), line("BBBB-3333", None, *parts), language=language)
    assert all(len(one) <= 80 for one in shown.splitlines())
    words = " ".join(shown.split())
    assert all(forecast.part_word(part, language) in words for _, part in parts)


def test_bars_are_as_long_as_what_goes_and_none_is_wider_than_a_terminal() -> None:
    many = tuple((Category.CONTACT, f"mail {number}") for number in range(1000))
    found = [line("AAAA-2222", "2027-01-01", *many), line("BBBB-3333", "2028-01-01", *many[:500]),
             line("CCCC-4444", "2030-01-01")]  # fmt: skip
    shown = list(forecast.bars(found, 2030, TODAY))
    assert [one[:4] for one in shown] == ["2026", "2027", "2028", "2029", "2030"]
    full, half, least = (len(re.findall("[█▏▎▍▌▋▊▉]", shown[at])) for at in (1, 2, 4))
    assert (half * 2, least, shown[0], shown[3]) == (full, 1, "2026  ·", "2029  ·")
    assert [one.split()[-1] for one in shown if "·" not in one] == ["1000", "500", "1"]
    assert max(map(len, shown)) <= 80


def drawn(found: Sequence[Line], until: int = 2036) -> ET.Element:
    return ET.fromstring(picture.svg(found, until, TODAY, "nl"))


def boxes(root: ET.Element) -> list[tuple[float, float, float, float, str]]:
    """Give where the texts stand, as left, top, right, bottom; as wide as the widest sans-serif makes them."""
    found = []
    for text in root.iter(f"{SVG}text"):
        size = float(text.attrib["font-size"])
        wide = len(text.text or "") * size * 0.56
        left = float(text.attrib["x"]) - {"start": 0.0, "middle": wide / 2, "end": wide}[text.attrib["text-anchor"]]
        y = float(text.attrib["y"])
        found.append((left, y - size * 0.75, left + wide, y + size * 0.2, text.text or ""))
    return found


def assert_readable(root: ET.Element) -> None:
    wide, high = float(root.attrib["width"]), float(root.attrib["height"])
    placed = boxes(root)
    for at, (left, top, right, bottom, text) in enumerate(placed):
        assert left >= 0 and top >= 0 and right <= wide and bottom <= high, text
        for other in placed[at + 1 :]:
            apart = right <= other[0] or other[2] <= left or bottom <= other[1] or other[3] <= top
            assert apart, (text, other[4])


def several(dossiers: int) -> list[Line]:
    """Give dossiers of every kind: going soon, late, far away, held, waiting; and mail of no dossier."""
    found = []
    for number in range(dossiers):
        name = f"A{number:03}-2222"
        day = None if number % 5 == 0 else f"{2026 + number % 14}-{1 + number % 12:02}-15"
        found.append(line(name, day, (Category.CONTACT, "client"), (Category.GOAL, "goal"), (Category.QUOTE, "quote"),
                          held_back=number % 7 == 0))  # fmt: skip
        if number % 3 == 0:
            found.append(line(name, "2034-01-01", (Category.INVOICE, f"statutory {number}")))
    loose = [line("", "2028-01-10", (Category.UNFILED, "file 13")), line("", "2027-02-01", (Category.LOG, "daily 1"))]
    mails = (line("", f"2027-{month:02}-10", (Category.UNFILED, f"mail {month}")) for month in range(1, 13))
    return [*found, *mails, *loose]


@pytest.mark.parametrize("until", [2026, 2027, 2036, 2060, 2150])
@pytest.mark.parametrize("dossiers", [1, 12, 39])
def test_up_to_forty_dossiers_have_a_lane_each_and_no_labels_overlap(dossiers: int, until: int) -> None:
    found = several(dossiers)
    root = drawn(found, until)
    texts = [text for *_, text in boxes(root)]
    assert all(texts.count(name) == 1 for name in {one.dossier for one in found} - {""})
    assert_readable(root)


@pytest.mark.parametrize("until", [2026, 2036, 2060, 2150])
@pytest.mark.parametrize("dossiers", [41, 400])
def test_more_dossiers_are_one_bar_a_year_with_its_total(dossiers: int, until: int) -> None:
    found = several(dossiers)
    root = drawn(found, until)
    texts = [text for *_, text in boxes(root)]
    assert "A001-2222" not in texts
    total = sum(len(one.parts) for one in found if one.day and one.day.year == 2026)
    if until <= 2036:
        assert str(total) in texts
    assert_readable(root)


def test_a_bar_ends_on_its_day_and_one_without_a_day_at_the_edge() -> None:
    root = drawn([line("AAAA-2222", "2031-01-01"), line("BBBB-3333", None)], until=2030)
    near = drawn([line("AAAA-2222", "2029-01-01")], until=2030)
    ends = [[float(one.attrib["x"]) + float(one.attrib["width"]) for one in each.iter(f"{SVG}rect")
             if one.attrib.get("height") == str(picture.BAR)] for each in (root, near)]  # fmt: skip
    years = {text: left + (right - left) / 2 for left, _, right, _, text in boxes(near)}
    assert ends[0] == [picture.WIDE - picture.RIGHT] * 2
    assert ends[1] == [pytest.approx(years["2029"], abs=0.1)]


def test_the_kinds_of_data_are_told_apart_by_colour_blind_people_too() -> None:
    """Their lightness differs, or their blue against yellow does, which nearly all colour-blind people see."""

    def seen(colour: str) -> tuple[float, float]:
        red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
        return 0.3 * red + 0.59 * green + 0.11 * blue, blue - (red + green) / 2

    for one, other in pairwise(sorted(map(seen, picture.COLOURS.values()))):
        assert abs(one[0] - other[0]) > 0.04 or abs(one[1] - other[1]) > 0.2
    assert {picture.GROUPS[category] for category in picture.GROUPS} == set(picture.COLOURS)


def test_a_name_in_the_picture_is_text_and_never_markup() -> None:
    (said,) = (text for *_, text in boxes(drawn([line("<b>&", "2031-01-01")])) if "<" in text)
    assert said == "<b>&"


@pytest.fixture
def folder(composed: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a practice to type commands about."""
    made = copied(composed, tmp_path)
    monkeypatch.setenv("PIPELINE_PRACTICE", str(made.folder))
    return made.folder


def test_the_command_prints_the_table_and_draws_the_picture(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = folder.parent / "ahead.svg"
    assert main(["forecast", "--until", "2060", "--picture", str(file)]) == 0
    said = capsys.readouterr().out
    assert said.startswith("Wat er weggaat, tot en met 2060\n") and "kleur.general (K-12)" in said
    assert all(len(one) <= 80 for one in said.splitlines() if str(file) not in one)
    root = ET.fromstring(file.read_text("utf-8"))
    assert (root.findtext(f"{SVG}title"), root.attrib["role"]) == ("Wat er weggaat, tot en met 2060", "img")


@pytest.mark.parametrize(
    ("typed", "said"),
    [(["--until", "1999"], "1999 valt daarbuiten"), (["--until", "3000"], "3000 valt daarbuiten"),
     (["--picture", "/nowhere/at/all.svg"], "kan niet worden geschreven")],
)  # fmt: skip
def test_a_forecast_that_cannot_be_made_is_said_in_one_line(
    folder: Path, capsys: pytest.CaptureFixture[str], typed: list[str], said: str
) -> None:
    assert folder.is_dir() and main(["forecast", *typed]) == 64
    assert said in capsys.readouterr().err


def _with_books(text: str, typed: str) -> str:
    return re.sub(r"^books: .*$", typed, text, flags=re.MULTILINE)


@pytest.mark.parametrize("typed", ["books: {year_ends: 3}", "boekjaar: {laatste_maand: 3}"])
def test_the_book_year_ends_as_practice_yaml_says(folder: Path, typed: str) -> None:
    file = folder / "practice.yaml"
    assert read_practice_file(folder).books.year_ends == 12
    file.write_text(_with_books(file.read_text("utf-8"), typed), "utf-8")
    assert read_practice_file(folder).books.year_ends == 3


@pytest.mark.parametrize("month", ["0", "13", "maart"])
def test_a_month_that_is_none_is_refused(folder: Path, month: str) -> None:
    file = folder / "practice.yaml"
    file.write_text(_with_books(file.read_text("utf-8"), f"books: {{year_ends: {month}}}"), "utf-8")
    with pytest.raises(FileProblems, match="van 1 tot en met 12"):
        read_practice_file(folder)


def test_before_any_statement_the_rules_of_now_hold_for_everything(dossier: Scene) -> None:
    dossier.run("DELETE FROM settings WHERE name = ?", statements.IN_FORCE)
    (only,) = plan_of(dossier.practice).versions
    assert only.since == date.min and "kleur.general" in {rule.id for rule in only.rules}


def test_each_statement_that_was_in_force_is_a_version_and_the_one_of_now_is_last(dossier: Scene) -> None:
    practice = dossier.practice
    statements.activate(practice, START)
    (general,) = [rule for rule in practice.policy.retention if rule.id == "kleur.general"]
    longer = general.model_copy(update={"promise": general.ceiling})
    others = [rule for rule in practice.policy.retention if rule.id != "kleur.general"]
    practice.policy = practice.policy.model_copy(update={"retention": [longer, *others]})
    named = practice.file.statement.model_copy(update={"version": "2027-01"})
    practice.file = practice.file.model_copy(update={"statement": named})
    assert [version.since for version in plan_of(practice).versions] == [date(2026, 11, 2), date.max]
    statements.activate(practice, on(1, 15, 2027))
    assert [version.since for version in plan_of(practice).versions] == [date(2026, 11, 2), date(2027, 1, 15)]
    dossier.told("closed", "2027-06-30")
    dossier.invoice("2027-0001", "2027-03-31", rest="{}")
    dues = {part: str(one.term.due) for part, one in dossier.endings().items()}
    assert (dues["client"], dues["rest 2027-0001"]) == ("2032-06-30", "2034-06-30")
