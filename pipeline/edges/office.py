"""LibreOffice, where it is installed: turns a filled Word document into PDF, in a profile of its own, within a time."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from functools import cache
from pathlib import Path

from pipeline.errors import PrintFailed

PATIENCE = 120.0
FILTER = 'pdf:writer_pdf_Export:{"ExportBookmarksToPDFDestination":{"type":"boolean","value":"true"}}'
MISSING = (
    "LibreOffice is not installed, and a Word template needs it. Type: sudo apt-get install --no-install-recommends "
    "libreoffice-writer-nogui fonts-crosextra-carlito   or set quote: template: quote.html in practice.yaml"
)


def program() -> str | None:
    """Give LibreOffice's command, or None when it is not installed."""
    return shutil.which("soffice") or shutil.which("libreoffice")


def to_pdf(document: bytes, scratch: Path) -> bytes:
    """Convert a .docx to PDF; raises `PrintFailed` when LibreOffice is missing, too slow, or refuses."""
    command = program()
    if command is None:
        raise PrintFailed(MISSING)
    scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=scratch) as name:
        folder = Path(name)
        (folder / "document.docx").write_bytes(document)
        profile = f"-env:UserInstallation={(folder / 'profile').as_uri()}"
        arguments = [
            *_offline(),
            command,
            profile,
            "--headless",
            "--norestore",
            "--convert-to",
            FILTER,
            "--outdir",
            name,
        ]
        said = _run([*arguments, str(folder / "document.docx")], folder)
        made = folder / "document.pdf"
        if not made.is_file():
            raise PrintFailed(f"LibreOffice could not turn the Word template into PDF: {said}")
        return made.read_bytes()


@cache
def _offline() -> tuple[str, ...]:
    """Give the command that takes the network away, where this computer lets us (unshare(1)); a second wall."""
    unshare = shutil.which("unshare")
    command = (unshare, "--map-root-user", "--net") if unshare else ()
    works = unshare and subprocess.run([*command, "true"], check=False, capture_output=True).returncode == 0  # noqa: S603
    return tuple(str(part) for part in command) if works else ()


def _run(arguments: list[str], folder: Path) -> str:
    environment = {"PATH": os.environ.get("PATH", ""), "HOME": str(folder), "TMPDIR": str(folder)}
    process = subprocess.Popen(  # noqa: S603 - the program we looked for, a file of ours
        arguments, env=environment, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, start_new_session=True,
    )  # fmt: skip
    try:
        return process.communicate(timeout=PATIENCE)[0].decode(errors="replace")[-300:]
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        raise PrintFailed(f"LibreOffice took longer than {PATIENCE:.0f} seconds for the Word template") from None
