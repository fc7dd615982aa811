"""What a confined process may do: the limits that it sets on itself before it touches what others made.

Memory and time end a runaway page. After warm-up, an audit hook (PEP 578) refuses sockets, programs, and every file
outside the folders it was given, the program's own libraries and its scratch folder. It is the second wall: the first
is that nothing in the process asks for those.
"""

from __future__ import annotations

import contextlib
import os
import resource
import sys
from pathlib import Path

FORBIDDEN = (
    "socket.", "subprocess.", "os.system", "os.exec", "os.posix_spawn", "os.fork", "os.spawn", "ftplib.", "http.",
    "urllib.", "smtplib.", "webbrowser.", "pty.", "sqlite3.", "ctypes.dlopen", "os.setxattr", "os.chown",
)  # fmt: skip
CHANGING = {"os.remove": 1, "os.rename": 2, "os.link": 2, "os.symlink": 2, "os.mkdir": 1, "os.rmdir": 1,
            "os.chmod": 1, "os.truncate": 1, "os.utime": 1, "shutil.rmtree": 1}  # fmt: skip
LISTING = {"os.listdir", "os.scandir"}
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


def limit_memory(most: int) -> None:
    """Bound the address space to `most` bytes; leave no core dump with somebody's data in it."""
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def limit_time(seconds: int) -> None:
    """Give the job that starts now its processor time; the kernel ends the process after that."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    allowed = int(used.ru_utime + used.ru_stime) + seconds
    with contextlib.suppress(ValueError):
        resource.setrlimit(resource.RLIMIT_CPU, (allowed, resource.getrlimit(resource.RLIMIT_CPU)[1]))


def close_doors(scratch: Path, *folders: Path) -> None:
    """Refuse, from now on and for good, all but reading in `folders` and the libraries, and writing in `scratch`."""
    readable = tuple(f"{place}{os.sep}" for place in {*_libraries(), *map(str, folders), str(scratch)})
    writable = f"{scratch}{os.sep}"

    def watch(event: str, values: tuple[object, ...]) -> None:
        if event.startswith(FORBIDDEN):
            raise PermissionError(f"a confined process does not do {event}")
        if event == "open":
            _check(values[0], _writes(values), readable, writable)
        elif event in CHANGING:
            for value in values[: CHANGING[event]]:
                _check(value, True, readable, writable)
        elif event in LISTING:
            _check(values[0] if values[0] is not None else ".", False, readable, writable)

    sys.addaudithook(watch)


def _writes(values: tuple[object, ...]) -> bool:
    flags = values[2] if isinstance(values[2], int) else 0
    return bool(flags & WRITING) or any(letter in str(values[1] or "") for letter in "wax+")


def _check(name: object, writes: bool, readable: tuple[str, ...], writable: str) -> None:
    if not isinstance(name, str | bytes | os.PathLike):
        return  # a descriptor: it was checked when it was opened
    path = os.path.realpath(os.fsdecode(name))
    if not f"{path}{os.sep}".startswith(writable if writes else readable):
        raise PermissionError(f"a confined process does not open {path}")


def _libraries() -> set[str]:
    """Give where the program and its libraries lie; of a checkout only the program, not the practice beside it."""
    own = Path(__file__).parents[1]
    folders = {Path(folder).resolve() for folder in (sys.prefix, sys.base_prefix, *filter(None, sys.path))}
    return {str(own), *(str(folder) for folder in folders if folder != Path("/") and not own.is_relative_to(folder))}
