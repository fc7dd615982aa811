"""P8 and P7: whatever stands in a template, the press reads its folder only, ends in time, and does the next job."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.edges import office, press
from pipeline.errors import PrintFailed
from tests.promises.bench import CANARY, Bench, Trap, presses_of
from tests.promises.hostile_templates import (
    ELSEWHERE,
    ENDLESS,
    EVIL_SVG,
    FETCHING,
    MEMORY,
    REACHING,
    SHOWN,
    SLOW,
    field,
    link,
    paragraph,
    word,
)
from tests.promises.papers import links_of, pictures_in, text_of
from tests.world import World, client_file

needs_office = pytest.mark.skipif(office.program() is None, reason="LibreOffice is not installed")
ONE_LINE = re.compile(r"templates/evil\.(html|docx): [^\n]+")


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """A press that does all jobs of this module, so that each is also the next job after a bad one."""
    with Trap() as trap:
        made = Bench(tmp_path_factory.mktemp("bench"), trap)
        made.add("evil.svg", EVIL_SVG)
        (made.templates / "out.css").symlink_to(made.root / "secret.css")
        (made.templates / "linked.html").symlink_to(made.root / "secret.html")
        (made.templates / "outside").symlink_to(made.root)
        yield made
        made.press.close()
        assert not made.left_over()


@pytest.mark.parametrize("asked", FETCHING)
def test_a_page_that_asks_for_something_elsewhere_gets_nothing(bench: Bench, asked: str) -> None:
    bench.add("evil.html", FETCHING[asked])
    reason, data = bench.tried("evil.html")
    if reason:
        assert ONE_LINE.fullmatch(reason) and CANARY not in reason
    else:
        assert CANARY not in text_of(data) and CANARY.encode() not in data
        assert not links_of(data) and not pictures_in(data)
    assert bench.trap.hits == []
    assert bench.well()


@pytest.mark.parametrize("asked", REACHING)
def test_a_page_that_reaches_into_the_program_is_refused(bench: Bench, asked: str) -> None:
    bench.add("evil.html", REACHING[asked].encode("utf-8", "surrogateescape"))
    reason = bench.failure("evil.html", {"name": "Ann"})
    assert ONE_LINE.fullmatch(reason) and CANARY not in reason and "root:" not in reason
    assert bench.well()


@pytest.mark.parametrize("asked", MEMORY)
def test_a_page_that_eats_memory_ends_the_press_and_a_new_one_does_the_next_job(bench: Bench, asked: str) -> None:
    assert bench.well()
    before = set(presses_of(os.getpid(), bench.templates))
    bench.add("evil.html", MEMORY[asked])
    assert ONE_LINE.fullmatch(bench.failure("evil.html"))
    assert before and not before & set(presses_of(os.getpid(), bench.templates))
    assert bench.well()


@pytest.mark.parametrize("asked", [*ENDLESS, *(pytest.param(name, marks=pytest.mark.long) for name in SLOW)])
def test_a_page_without_end_is_ended_in_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked: str) -> None:
    monkeypatch.setattr(press, "PATIENCE", 10.0)
    with Trap() as trap:
        bench = Bench(tmp_path / "bench", trap)
        assert bench.well()
        before = set(presses_of(os.getpid(), bench.templates))
        bench.add("evil.html", (ENDLESS | SLOW)[asked])
        bench.hurry(2.0)
        assert "too much time or memory" in bench.failure("evil.html")
        assert before and not before & set(presses_of(os.getpid(), bench.templates))
        assert not bench.left_over()
        assert bench.well()
        bench.press.close()


def test_an_answer_larger_than_any_document_fails_its_own_job_only(tmp_path: Path) -> None:
    with Trap() as trap:
        bench = Bench(tmp_path / "bench", trap)
        bench.add("evil.txt", "{{ 'x' * 70000000 }}")
        try:
            with pytest.raises(PrintFailed, match=r"templates/evil\.txt: "):
                bench.press.write("evil.txt", {}, escape=False)
            assert bench.well()
        finally:
            bench.press.close()


def test_a_template_remembers_nobody_from_one_job_to_the_next(bench: Bench) -> None:
    bench.add("memory.html", "{% set kept = namespace(names='') %}")
    bench.add(
        "greedy.html", "{% from 'memory.html' import kept %}{% set kept.names = kept.names ~ name %}<p>{{ kept.names }}"
    )
    for name in ("Sanne", "Jan"):
        reason, data = bench.tried("greedy.html", {"name": name})
        assert "templates/greedy.html" in reason or text_of(data) == name


def test_links_that_run_or_open_files_do_not_survive(bench: Bench) -> None:
    addresses = (
        "javascript:alert(1)",
        "file:///etc/passwd",
        "data:text/html,x",
        "JaVaScRiPt:x",
        "https://good.example",
    )
    bench.add("links.html", "".join(f'<p><a href="{address}">follow me</a></p>' for address in addresses))
    assert links_of(bench.print("links.html")) == ["https://good.example"]


@needs_office
@pytest.mark.parametrize("asked", ELSEWHERE)
def test_a_word_template_that_asks_for_something_elsewhere_gets_nothing(bench: Bench, asked: str) -> None:
    bench.trap.hits.clear()
    bench.add("evil.docx", word(SHOWN, ELSEWHERE[asked].replace("URL", bench.trap.url)))
    reason = bench.failure("evil.docx")
    hits, bench.trap.hits[:] = list(bench.trap.hits), []
    assert hits == []
    assert ONE_LINE.fullmatch(reason)
    assert bench.well()


@needs_office
def test_a_word_template_shows_no_picture_from_outside_the_templates_folder(bench: Bench) -> None:
    secret = f"{(bench.root / 'secret.png').as_uri()}"
    bench.add("evil.docx", word(SHOWN, ELSEWHERE["a picture in single quotes"].replace("URL/picture.png", secret)))
    reason, data = bench.tried("evil.docx")
    assert ONE_LINE.fullmatch(reason) or not pictures_in(data)


@needs_office
def test_word_fields_entities_and_links_fetch_nothing_and_lead_nowhere(bench: Bench) -> None:
    run, at = link("javascript:alert(1)")
    fields = [f'INCLUDEPICTURE "{bench.trap.url}/f.png" \\d', f'INCLUDETEXT "{bench.root}/secret.txt"', "DDEAUTO a b c"]
    entity = f'<!DOCTYPE x [<!ENTITY e SYSTEM "file://{bench.root}/secret.txt">]>'
    bench.add("evil.docx", word("".join(map(field, fields)) + paragraph("Hello &e;{{ name }}") + run, at, entity))
    data = bench.print("evil.docx", {"name": "Ann"})
    assert "HelloAnn" in text_of(data) and CANARY not in text_of(data)
    assert not links_of(data)
    assert bench.trap.hits == []


@pytest.mark.parametrize(
    "text", ["{{ ''.__class__ }}", "{% include '/etc/passwd' %}", "{{ 'x' * 2000000000 }}", "{{ nobody }}"]
)
def test_a_word_template_that_reaches_into_the_program_is_refused(bench: Bench, text: str) -> None:
    bench.add("evil.docx", word(paragraph(text)))
    assert ONE_LINE.fullmatch(bench.failure("evil.docx"))
    assert bench.well()


@pytest.mark.parametrize("data", [b"", b"PK\3\4", b"<html>", word("")[:2000], word("<w:p>"), word("&l;")])
def test_a_broken_word_template_is_refused(bench: Bench, data: bytes) -> None:
    bench.add("evil.docx", data)
    assert ONE_LINE.fullmatch(bench.failure("evil.docx"))
    assert bench.well()


@pytest.mark.skipif(shutil.which("unshare") is None or os.geteuid() != 0, reason="needs unshare and root")
def test_every_shipped_template_prints_where_there_is_no_network(world: World) -> None:
    checked = subprocess.run(
        ["unshare", "-n", *world.command("check")], env=world.environment(), capture_output=True, text=True,
        timeout=100, check=False,
    )  # fmt: skip
    if "unshare failed" in checked.stderr:
        pytest.skip(checked.stderr.strip())
    assert (checked.returncode, checked.stdout) == (0, "everything in this practice folder is in order\n")


def test_an_editors_lock_among_the_templates_stops_nothing(sending: World) -> None:
    (sending.folder / "templates" / "nl" / ".#quote.html").symlink_to("coach@laptop.1234:5678")  # as Emacs makes it
    sending.drop(client_file())
    sending.work()
    assert sending.states() == ["accepted"]
