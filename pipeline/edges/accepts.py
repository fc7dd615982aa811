"""What each drop folder takes: how files end, how large they may be, and the words for what belongs elsewhere."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath

from pipeline.config.source import MOST_BYTES
from pipeline.edges.beside import is_note

IGNORED = re.compile(
    r"^\.|^~|~$|^#|^4913$|\.(sw.|tmp|temp|part|partial|crdownload|download|lock|bak|orig|ini|db|icloud)$", re.IGNORECASE
)
CONFLICT = re.compile(r"conflicted copy|case conflict|sync-conflict-|conflictkopie|conflicterende kopie", re.IGNORECASE)
MEGABYTE = 1 << 20
YAML = dict.fromkeys((".yaml", ".yml"), MOST_BYTES)
DOCUMENT = 30 * MEGABYTE
PICTURES = (".jpg", ".jpeg", ".png", ".heic", ".heif", ".tif", ".tiff", ".gif", ".webp", ".bmp")
PACKED = (".zip", ".7z", ".rar", ".gz", ".tar")
WRITTEN = (".docx", ".doc", ".odt", ".rtf", ".rtfd", ".pages")


@dataclass(frozen=True)
class Accepts:
    """What one drop folder takes; `most` gives the number of bytes for each ending, in lower case.

    `word` (in `pipeline.words`) says what belongs here, `instead` knows endings of which more can be said. Where
    `folders` is true files may also lie one folder deep, in a folder that says whose they are.
    """

    most: Mapping[str, int]
    word: str
    instead: Mapping[str, str]
    not_a_file: str
    folders: bool = False

    def refuses(self, name: str) -> str | None:
        """Give the word that says why no file of this name belongs here, or None when one does."""
        ending = ending_of(name)
        return None if ending in self.most else self.instead.get(ending, self.word)


def ending_of(name: str) -> str:
    """Give how a file's name ends: `.yaml`."""
    return PurePath(name).suffix.lower()


def may_matter(name: str) -> bool:
    """Tell whether a name is not one that editors, browsers and clouds use for themselves, nor that of a note."""
    return not IGNORED.search(name) and not is_note(name)


UNFIT = {**dict.fromkeys(PICTURES, "refused_picture"), **dict.fromkeys(PACKED, "refused_packed")}
CLIENTS = Accepts(YAML, "refused_name", {".pdf": "refused_pdf_at_clients"}, "refused_not_a_file")
APPOINTMENTS = Accepts(YAML, "refused_name_appointments", UNFIT, "refused_not_a_document", folders=True)
PROFILES = Accepts(
    {".pdf": DOCUMENT, **YAML},
    "refused_name_profiles",
    {**UNFIT, **dict.fromkeys(WRITTEN, "refused_written_profile")},
    "refused_not_a_document",
    folders=True,
)
REPORTS = Accepts(
    {".docx": DOCUMENT, ".pdf": DOCUMENT, ".md": MEGABYTE, **YAML},
    "refused_name_reports",
    {**UNFIT, **{ending: "refused_written_report" for ending in WRITTEN if ending != ".docx"}},
    "refused_not_a_document",
    folders=True,
)
DROPS: Mapping[str, Accepts] = {
    "clients": CLIENTS,
    "appointments": APPOINTMENTS,
    "profiles": PROFILES,
    "reports": REPORTS,
}
"""The drop folders of a practice, by the names of their folders in `drop/`."""
