"""Whether somebody still works on a file: asked of the kernel, and of the marks that office programs put beside one."""

from __future__ import annotations

import errno
import fcntl
import os
import signal


def writers(descriptor: int) -> bool | None:
    """Tell whether somebody has the file open for writing (fcntl(2), F_SETLEASE), or None when the disk cannot tell."""
    try:
        fcntl.fcntl(descriptor, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except OSError as error:
        return True if error.errno == errno.EAGAIN else None
    except AttributeError:
        return None
    return False


def open_in_an_office(folder: int, name: str) -> bool:
    """Tell whether Word or LibreOffice has a document open: each time it saves, that would be one more version."""
    marks = {f".~lock.{name}#", f"~${name}", f"~${name[2:]}"}
    return not marks.isdisjoint(os.listdir(folder))
