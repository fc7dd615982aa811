"""The ways back: what becomes of the papers of one mail until they are files, and the truth about each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from tests.returns import answers, app, camera, digital, hands, paper, scanner
from tests.returns.answers import Answer
from tests.returns.mails import Attached
from tests.returns.papers import Picture
from tests.returns.sheet import Sheet
from tests.returns.truth import DocumentTruth, Signed

Rng = np.random.Generator


@dataclass
class Job:
    """One mail in the making."""

    rng: Rng
    person: list[Answer]
    truths: list[DocumentTruth] = field(default_factory=list)
    files: list[Attached] = field(default_factory=list)
    ways: list[str] = field(default_factory=list)


# On paper.


Hook = Callable[[Answer, int, Sheet, bool], None]


def sheets_of(job: Job, dpi: int, also: Hook = lambda *_: None) -> list[Sheet]:
    """Print all pages of all papers, write on them, and let the paper live a little; `also` before and after it."""
    sheets, printer = [], paper.pick_printer(job.rng)
    for answer in job.person:
        back: Picture | None = None
        for page in range(1, answer.paper.printed.pages + 1):
            picture = answer.paper.picture(page, dpi)
            flat = Sheet(picture, dpi)
            also(answer, page, flat, False)
            sheet = paper.printed(flat.picture, dpi, printer, job.rng)
            answers.by_hand(answer, page, sheet, job.rng)
            also(answer, page, sheet, True)
            job.ways += [way for way in paper.wear(sheet, back, job.rng) if way not in job.ways]
            sheets.append(sheet)
            back = picture
    return sheets


def paper_truths(job: Job, kept: list[tuple[int, int]]) -> None:
    """Note what of each paper comes back: `kept` has (which answer, page)."""
    for number, answer in enumerate(job.person):
        pages = tuple(sorted(page for which, page in kept if which == number))
        if pages:
            job.truths.append(answer.truth(pages))


def pages_of(job: Job) -> list[tuple[int, int]]:
    """Give all pages in order, as (which answer, page)."""
    return [(number, page) for number, answer in enumerate(job.person)
            for page in range(1, answer.paper.printed.pages + 1)]  # fmt: skip


def choose_pages(job: Job) -> list[int]:
    """Choose which of all pages come back, in which order: mostly all; else shuffled, or only those signed."""
    every = pages_of(job)
    draw = job.rng.random()
    if draw < 0.08:
        job.ways.append("any order")
        return [int(at) for at in job.rng.permutation(len(every))]
    if draw < 0.14:
        job.ways.append("only the signed page")
        return [at for at, (which, page) in enumerate(every) if page == job.person[which].paper.signature[0]]
    return list(range(len(every)))


def by_scan(job: Job, sheets: list[Sheet] | None = None) -> None:
    machine = scanner.settings(job.rng)
    sheets = sheets or sheets_of(job, 300 if machine.dpi == 300 and job.rng.random() < 0.6 else 200)
    kept, every = choose_pages(job), pages_of(job)
    pictures = [scanner.scan(sheets[at], machine, job.rng) for at in kept]
    groups = [list(range(len(kept)))]
    if len(job.person) > 1 and machine.container == "pdf" and job.rng.random() < 0.5:
        groups = [[spot for spot, at in enumerate(kept) if every[at][0] == which] for which in range(len(job.person))]
    elif len(job.person) > 1:
        job.ways.append("both in one")
    for number, group in enumerate(groups):
        made = scanner.files([pictures[spot] for spot in group], machine)
        name = str(job.rng.choice(["scan", "SKM_C25826102009300", "Scan_20261020", "document(1)"]))
        job.files += [Attached(f"{name}_{number}{at}.{ending}", data) for at, (ending, data) in enumerate(made)]
    job.ways.append(machine.way)
    paper_truths(job, [every[at] for at in kept])


def by_photo(job: Job, sheets: list[Sheet] | None = None) -> None:
    phone = camera.pick_phone(job.rng)
    sheets, kept, every = sheets or sheets_of(job, 200), choose_pages(job), pages_of(job)
    for number, at in enumerate(kept):
        ending, data = camera.save(camera.shoot(sheets[at].picture, phone, job.rng), phone, job.rng)
        job.files.append(Attached(f"IMG_{4021 + number}.{ending}", data))
    job.ways.append(phone.way)
    paper_truths(job, [every[at] for at in kept])


def by_app(job: Job, sheets: list[Sheet] | None = None) -> None:
    own = app.pick_app(job.rng)
    phone = replace(camera.pick_phone(job.rng), twice=False)
    phone = replace(phone, long=min(phone.long, 3264), tilt=phone.tilt * 0.7)
    sheets, kept, every = sheets or sheets_of(job, 200), choose_pages(job), pages_of(job)
    shots = [camera.shoot(sheets[at].picture, phone, job.rng) for at in kept]
    job.files.append(Attached("Scan 20 okt. 2026.pdf", app.pdf([app.flatten(one, own, job.rng) for one in shots], own)))
    job.ways.append(own.way)
    paper_truths(job, [every[at] for at in kept])


# In a PDF program.


def finish_all(job: Job, finish: Callable[[Answer, bytes], bytes]) -> None:
    """Have each paper dealt with as PDF; a file each, now and then both in one."""
    made = [finish(answer, answer.paper.printed.data) for answer in job.person]
    if len(made) > 1 and job.rng.random() < 0.12 and not any(answer.certificate for answer in job.person):
        job.ways.append("both in one")
        whole = digital.merged(made, [list(range(1, answer.paper.printed.pages + 1)) for answer in job.person])
        for answer in job.person:
            answer.fields = False
        job.files.append(Attached("samengevoegd.pdf", whole))
    else:
        job.files += [Attached(answer.paper.file, data) for answer, data in zip(job.person, made, strict=True)]
    job.truths += [answer.truth() for answer in job.person]


def by_form(job: Job) -> None:
    """Fields filled, signed with ink or a stamp that stays an annotation."""

    def finish(answer: Answer, data: bytes) -> bytes:
        data = filled(job, answer, data)
        return signed(job, answer, data, str(job.rng.choice(["ink", "stamp", "typed"], p=[0.5, 0.4, 0.1])))

    finish_all(job, finish)


def filled(job: Job, answer: Answer, data: bytes) -> bytes:
    if not answer.paper.boxes:
        return data
    answers.without_oddities(answer)
    dialect = str(job.rng.choice(digital.FILLERS, p=[0.25, 0.2, 0.2, 0.2, 0.1, 0.05]))
    job.ways.append(f"filled by {dialect}")
    answer.fields = dialect != "value only"
    if dialect == "value only":  # the value says yes and the picture shows nothing
        answer.unclear |= set(answer.ticked)
    return digital.fill(data, answer.ticked, dialect)


def signed(job: Job, answer: Answer, data: bytes, way: str) -> bytes:
    """Put a signature on as ink, stamp, typed name, or burnt into the page."""
    if answer.signature is Signed.NONE:
        return data
    page, *_ = answer.paper.signature
    strokes, pen = answers.sign_strokes(answer, job.rng), answer.hand.pen
    dialect = str(job.rng.choice(list(digital.PRODUCERS)))
    job.ways.append(f"{way} by {dialect}")
    if way == "typed":
        left, top = np.vstack(strokes).min(0)
        width = 3.5 * len(answer.hand.name)
        return digital.text(data, page, answer.hand.name, (float(left), float(top), width, 10.0), dialect)
    put = {"ink": digital.ink, "stamp": digital.stamp, "burnt in": digital.burn}[way]
    return put(data, page, strokes, pen, dialect)


def by_annotation(job: Job) -> None:
    """Ticks and signature drawn or typed over the pages, then kept, burnt in, or printed as pictures."""
    flat = str(job.rng.choice(["kept", "flattened", "as pictures"], p=[0.6, 0.25, 0.15]))
    way = str(job.rng.choice(["ink", "stamp", "typed", "burnt in"], p=[0.4, 0.25, 0.1, 0.25]))
    marks = str(job.rng.choice(["ink", "4", "8", "X", "burnt in"], p=[0.35, 0.2, 0.15, 0.1, 0.2]))
    dpi, quality = int(job.rng.choice([110, 150, 200])), int(job.rng.integers(45, 90))

    def finish(answer: Answer, data: bytes) -> bytes:
        data = marked(job, answer, data, marks)
        data = signed(job, answer, data, way)
        if flat == "kept":
            return data
        return digital.flatten(data) if flat == "flattened" else digital.as_pictures(data, dpi, quality)

    job.ways += [flat, f"marks {marks}"]
    finish_all(job, finish)


def marked(job: Job, answer: Answer, data: bytes, marks: str) -> bytes:
    """Put marks at the boxes, drawn or typed."""
    boxes = answer.paper.boxes
    for name, style in answer.styles.items():
        page, left, top, width, height = boxes[name]
        if marks in {"ink", "burnt in"} or style not in hands.TICKS:
            put = digital.burn if marks == "burnt in" else digital.ink
            data = put(
                data, int(page), hands.mark(style, (left, top, width, height), job.rng), answer.hand.pen, "phone"
            )
        else:
            aside = job.rng.normal(scale=0.4, size=2)
            place = (left + float(aside[0]) + 0.6, top + float(aside[1]) - 1, 7.0, 7.0)
            data = digital.text(data, int(page), marks, place, "acrobat")
    return data


def by_certificate(job: Job) -> None:
    """Fields filled, then signed with a certificate."""
    visible = bool(job.rng.random() < 0.7)
    job.ways.append("visible" if visible else "invisible")

    def finish(answer: Answer, data: bytes) -> bytes:
        data = filled(job, answer, data)
        answer.signature, answer.certificate = Signed.IN_BOX, True
        page, left, top, width, height = answer.paper.signature
        return digital.certify(data, page, (left, top, width, height), answer.hand.name, visible=visible)

    finish_all(job, finish)
