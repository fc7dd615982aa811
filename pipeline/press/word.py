"""Word templates by docxtpl: the coach's own file in, the filled file out; what becomes of it as PDF is not ours.

docxtpl with its defaults runs code and drops text; here it gets the sandboxed, escaping environment.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from docxtpl import DocxTemplate
from jinja2 import Environment
from lxml import etree

EPOCH = datetime(1980, 1, 1).timetuple()[:6]  # noqa: DTZ001 - the zip format's zero, no moment in time


class NotAWordTemplate(Exception):
    """The file cannot serve as a template; the text says why."""


def fill(template: bytes, values: Mapping[str, Any], environment: Environment) -> bytes:
    """Give the .docx of `template` with `values` in place; the same input gives the same bytes."""
    _refuse_links(template)
    document = DocxTemplate(io.BytesIO(template))
    document.render(dict(values), jinja_env=environment)
    saved = io.BytesIO()
    document.save(saved)
    return _still(saved.getvalue())


def unknown_names(template: bytes, known: Mapping[str, Any], environment: Environment) -> list[str]:
    """Give the names that the template uses and that no values will have."""
    found = DocxTemplate(io.BytesIO(template)).get_undeclared_template_variables(environment)
    return sorted(name for name in found if name not in known)


def _refuse_links(template: bytes) -> None:
    """Refuse pictures and templates that would be fetched from elsewhere when the file is opened."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    with zipfile.ZipFile(io.BytesIO(template)) as parts:
        for name in parts.namelist():
            relations = etree.fromstring(parts.read(name), parser).iter() if name.lower().endswith(".rels") else ()
            for relation in relations:
                outside = str(relation.get("TargetMode", "")).strip().lower() == "external"
                if outside and not str(relation.get("Type", "")).endswith("/hyperlink"):
                    raise NotAWordTemplate("the Word file links to something outside itself; embed the picture instead")


def _still(data: bytes) -> bytes:
    """Pack a .docx again without the moment of packing."""
    saved = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as parts, zipfile.ZipFile(saved, "w", zipfile.ZIP_DEFLATED) as still:
        for name in parts.namelist():
            still.writestr(zipfile.ZipInfo(name, EPOCH), parts.read(name), zipfile.ZIP_DEFLATED)
    return saved.getvalue()
