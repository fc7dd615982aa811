"""Mails with a forgery in them: one paper says something else than was sent, by one way or another."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from pipeline.model import Kind
from tests.returns import answers, forge
from tests.returns.answers import Answer
from tests.returns.mails import Attached
from tests.returns.sheet import Sheet
from tests.returns.truth import Signed
from tests.returns.ways import Job, by_annotation, by_app, by_certificate, by_photo, by_scan, sheets_of


def by_forgery(job: Job) -> None:
    name = str(job.rng.choice(list(FORGERIES), p=[0.4, 0.1, 0.1, 0.15, 0.05, 0.07, 0.08, 0.05]))
    fits = [answer for answer in job.person if answer.paper.kind is Kind.QUOTE] or job.person
    for answer in job.person:
        answer.signature = Signed.IN_BOX
    job.ways.append(name)
    FORGERIES[name](job, fits[0])


def _forge_print(job: Job, answer: Answer) -> None:
    answer.paper, answer.altered = forge.reprint(answer.paper, job.rng)
    [by_scan, by_photo, by_app, by_annotation][int(job.rng.choice(4, p=[0.35, 0.25, 0.2, 0.2]))](job)


def _forge_on_paper(job: Job, answer: Answer, how: str) -> None:
    page, place = forge.amount_place(answer.paper.printed.data, job.rng)
    answer.altered = how

    def also(which: Answer, number: int, sheet: Sheet, printed: bool) -> None:
        if which is not answer or printed is (how == "patched picture"):
            return
        pen = answer.hand.pen
        if how == "struck out" and number == page:
            forge.strike_out(sheet, place, pen, job.rng)
        if how == "correction fluid" and number == page:
            forge.correction_fluid(sheet, place, pen, job.rng)
        if how == "remark" and number == answer.paper.signature[0]:
            forge.remark(sheet, answer.paper, pen, job.rng)
        if how == "patched picture" and number == page:
            forge.patch_picture(sheet, *forge.swap(answer.paper.printed.data, page, job.rng))

    way = [by_scan, by_photo, by_app][int(job.rng.choice(3, p=[0.5, 0.3, 0.2]))]
    way(job, sheets_of(job, 200, also))
    if page not in next((truth.pages for truth in job.truths if truth.kind is answer.paper.kind), ()):
        # The page with the change did not come back: then nothing that did is altered.
        job.truths = [replace(truth, altered="") if how != "remark" else truth for truth in job.truths]


def _forge_vector(job: Job, answer: Answer) -> None:
    data = answer.paper.printed.data
    one, other = forge.swap(data, 1, job.rng)
    forged = forge.patch_vector(data, 1, one, other)
    answer.paper = replace(answer.paper, printed=replace(answer.paper.printed, data=forged))
    answer.altered = f"patched: {one[0]} to {other[0]}"
    (by_annotation if job.rng.random() < 0.6 else by_scan)(job)


def _forge_cover(job: Job, answer: Answer) -> None:
    covered = forge.cover(answer.paper.printed.data, job.rng)
    answer.paper = replace(answer.paper, printed=replace(answer.paper.printed, data=covered))
    answer.altered = "covered by a text"
    by_annotation(job)


def _forge_certificate(job: Job, answer: Answer) -> None:
    for one in job.person:
        answers.without_oddities(one)
    by_certificate(job)
    at = job.person.index(answer)
    job.files[at] = Attached(job.files[at].name, forge.after_signing(job.files[at].data, job.rng))
    job.truths[at] = replace(job.truths[at], altered="changed after signing", certificate=False, fields=False)


FORGERIES: dict[str, Callable[[Job, Answer], None]] = {
    "reprinted": _forge_print,
    "patched picture": lambda job, answer: _forge_on_paper(job, answer, "patched picture"),
    "patched vector": _forge_vector,
    "struck out": lambda job, answer: _forge_on_paper(job, answer, "struck out"),
    "correction fluid": lambda job, answer: _forge_on_paper(job, answer, "correction fluid"),
    "remark": lambda job, answer: _forge_on_paper(job, answer, "remark"),
    "covered": _forge_cover,
    "after the certificate": _forge_certificate,
}
