"""Many mails: made and read in a few processes at a time."""

from __future__ import annotations

import multiprocessing
import multiprocessing.util
import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import cv2

from pipeline.edges.reader import Reader
from tests.returns import recipe, table
from tests.returns.papers import pressed
from tests.returns.truth import Channel, MailTruth

_open: list[Reader] = []

Job = tuple[int, int, Channel | None, Path | None, bool]


def every(jobs: list[Job], workers: int) -> Iterator[tuple[MailTruth, table.Outcome | None]]:
    """Do all jobs, a few at a time, each worker with a reader of its own."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(max(1, workers), mp_context=context) as pool:
        yield from pool.map(_one, jobs)


def _one(job: Job) -> tuple[MailTruth, table.Outcome | None]:
    seed, number, only, keep, unread = job
    cv2.setNumThreads(1)
    with pressed():
        raw, truth = recipe.make(seed, number, only)
    if keep:
        (keep / f"{seed}-{number:05d}.eml").write_bytes(raw)
    return truth, None if unread else table.judge(raw, _reader())


def _reader() -> Reader:
    """Give this worker's reader; it ends, and its scratch goes, when the worker does."""
    if not _open:
        stack = ExitStack()
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="pipeline-returns-reader-")))
        reader = Reader(scratch)
        stack.callback(reader.close)
        multiprocessing.util.Finalize(None, stack.close, exitpriority=10)
        _open.append(reader)
    return _open[0]
