"""What a check box shows, against what its field says: a value that nobody saw is no answer.

A file may ask its reader to draw the boxes anew, and only some readers do; so a box must show what it says both ways:
as pdfium draws it when asked, and by the appearance that the file itself brings.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pikepdf

from pipeline.reading import ink, ticking
from pipeline.reading.findings import Tick
from pipeline.reading.grid import MM, Box, Picture
from pipeline.reading.register import Laid
from pipeline.reading.sent import Sent
from pipeline.reading.signing import zone

AROUND = 3.0  # mm around a box that are cut out with it
VISIBLE = 0.2  # a tick as pale as this is none that a person sees; a clear one is half as dark again
REDRAWN = "/NeedAppearances"


def drawn_anew(pdf: pikepdf.Pdf) -> bool:
    """Tell whether a file asks its reader to draw its fields anew."""
    form = pdf.Root.get("/AcroForm")
    return isinstance(form, pikepdf.Dictionary) and REDRAWN in form


def as_brought(pdf: pikepdf.Pdf) -> bytes:
    """Give the file as one that does not ask for it, so that its own appearances are drawn."""
    form = pdf.Root["/AcroForm"]
    asked, saved = form[REDRAWN], io.BytesIO()
    del form[REDRAWN]
    try:
        pdf.save(saved, compress_streams=False, stream_decode_level=pikepdf.StreamDecodeLevel.none)
    finally:
        form[REDRAWN] = asked
    return saved.getvalue()


def unlike(ticks: dict[str, Tick], sent: Sent, pictures: Iterable[Picture]) -> set[str]:
    """Name the boxes that in one of the pictures do not show what their field says."""
    told = {name: tick for name, tick in ticks.items() if tick is not Tick.UNCLEAR}
    return {name for one in pictures for name, tick in told.items() if _shown(one, sent, sent.boxes[name]) is not tick}


def _shown(picture: Picture, sent: Sent, box: Box) -> Tick:
    """Say what is in a box on a page that was never on paper; what lies around it is none of the field's."""
    left, top, right, bottom = zone(box, sent.picture.shape, AROUND)
    theirs, ours = (np.ascontiguousarray(each[top:bottom, left:right]) for each in (picture, sent.picture))
    there = Laid(theirs, np.ones(theirs.shape[:2], bool), 0.0, exact=True)
    own = box[0] - left / MM, box[1] - top / MM, box[2], box[3]
    seen = ticking.look(ink.page(there, ours, digital=True), own)
    return ticking.judged(replace(seen, ring=0.0), VISIBLE)
