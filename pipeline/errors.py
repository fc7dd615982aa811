"""The one family of expected errors: each knows its exit code, and its text says what to type or mend next.

An expected error is printed as one line. Anything else is a defect and prints its traceback. Exit codes are those of
sysexits.h, so that cron, systemd and scripts can tell *try later* from *mend the file*.
"""

from __future__ import annotations

import errno
import socket
from dataclasses import dataclass
from typing import ClassVar


class PipelineError(Exception):
    """Something expected went wrong; the text is one sentence for the person who has to act."""

    exit_code: ClassVar[int] = 1


class UsageError(PipelineError):
    """The command was typed in a way that cannot be carried out."""

    exit_code = 64


class ConfigError(PipelineError):
    """A file of the practice, or its set-up, must be mended before the program can work."""

    exit_code = 78


class NotReachable(PipelineError):
    """A server or program outside is away; trying later may help."""

    exit_code = 69


class LoginRefused(NotReachable):
    """The server does not take the password; trying often gets the account locked."""


class AlreadyRunning(PipelineError):
    """Another pipeline works on this practice; two would send twice."""

    exit_code = 75


class StorageFailed(PipelineError):
    """The disk refused to make something durable; nothing that was asked is taken as done."""

    exit_code = 74


class PrintFailed(PipelineError):
    """A document could not be made from this template and these values; trying again gives the same."""

    exit_code = 65


class ReadingNotInstalled(PipelineError):
    """What reads signed papers is not installed; everything else works, and the coach reads them."""

    exit_code = 69


class ReadingFailed(PipelineError):
    """A paper that came back took too much time or memory to read, or broke the reader; the coach reads it."""

    exit_code = 65


def disk_failed(error: OSError) -> bool:
    """Tell whether an error means that nothing can be made durable now."""
    return error.errno in {errno.EIO, errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG}


def network_words(error: BaseException) -> str:
    """Say in one line why a server could not be reached or understood."""
    if isinstance(error, socket.gaierror):
        return "its name is not known; check host in practice.yaml, and whether there is a network"
    words = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return " ".join(words.split()) or type(error).__name__


@dataclass(frozen=True, order=True)
class Problem:
    """One thing to mend in a file: where (1-based line and column) and what to write instead."""

    line: int
    column: int
    text: str


class FileProblems(ConfigError):
    """All problems of one file at once, each as `file:line:column: what is wrong, what to write instead`."""

    exit_code = 65

    def __init__(self, file: str, problems: list[Problem]) -> None:
        """Keep `problems`, sorted by place; `file` is shown as the coach knows it."""
        self.file = file
        self.problems = sorted(problems)
        super().__init__("\n".join(f"{file}:{p.line}:{p.column}: {p.text}" for p in self.problems))
