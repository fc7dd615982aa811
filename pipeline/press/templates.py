"""Templates: Jinja in a sandbox in which a missing name is an error and every value is text."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import BaseLoader, Environment, StrictUndefined, TemplateNotFound, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from pipeline.press.assets import Assets, NotAnAsset


class _Loader(BaseLoader):
    def __init__(self, assets: Assets) -> None:
        self.assets = assets

    def get_source(self, _environment: Environment, template: str) -> tuple[str, str, Any]:
        try:
            text = self.assets.read(template).decode()
            seen = self._seen(template)
        except (NotAnAsset, UnicodeDecodeError):
            raise TemplateNotFound(template) from None
        return text, template, lambda: self._seen(template) == seen

    def _seen(self, template: str) -> tuple[Path, int]:
        """Give which file a template is, and when it was changed: one may come in the place of what was lent."""
        path = self.assets.path(template)
        return path, path.stat().st_mtime_ns


def environment(assets: Assets, *, escape: bool) -> Environment:
    """Make the environment for HTML (`escape`) or for plain text; Word uses the escaping one for its XML."""
    made = ImmutableSandboxedEnvironment(
        loader=_Loader(assets), autoescape=escape, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    # Nothing that can be changed is shared between templates, so that none remembers a person until the next job.
    made.globals = {"range": made.globals["range"]}
    return made


def unknown_names(environment: Environment, template: str, known: Mapping[str, Any]) -> list[str]:
    """Give the names that `template` uses and that no values will have, as `client.nmae`, wherever they stand.

    `known` is an example of the values; what a template sets, imports or loops over is its own.
    """
    assert environment.loader is not None
    tree = environment.parse(environment.loader.get_source(environment, template)[0])
    own = {name.name for name in tree.find_all(nodes.Name) if name.ctx in {"store", "param"}}
    own |= {macro.name for macro in tree.find_all(nodes.Macro)} | {
        "loop",
        "caller",
        "varargs",
        "kwargs",
        "super",
        "self",
    }
    own |= {imported.target for imported in tree.find_all(nodes.Import)}
    for imported in tree.find_all(nodes.FromImport):
        own |= {name if isinstance(name, str) else name[1] for name in imported.names}
    own |= set(environment.globals)
    used = {name.name for name in tree.find_all(nodes.Name) if name.ctx == "load"} - own
    wrong = {name for name in used if name not in known}
    for attribute in tree.find_all(nodes.Getattr):
        holder = attribute.node.name if isinstance(attribute.node, nodes.Name) else ""
        group = known.get(holder) if holder in used else None
        if isinstance(group, Mapping) and attribute.attr not in group:
            wrong.add(f"{holder}.{attribute.attr}")
    return sorted(wrong)
