"""Explanations in every form that they leave medproof in: one module for each, behind one registry."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from explain.explanations import Explanation


class CannotExport(Exception):
    """An explanation that does not fit a form: why, and what to do."""


@dataclass(frozen=True, slots=True)
class Options:
    """How an explanation is to be shown: to a `reviewer` or a `member`, in lines of `width` characters.

    A picture may go no deeper than `depth` conclusions below the goal; 0 shows the whole.
    """

    audience: str = "reviewer"
    width: int = 100
    depth: int = 0


Exporter = Callable[["Explanation", Options], str | bytes]

MODULES = {
    "text": "text",
    "markdown": "markdown",
    "json": "node_link",
    "graphml": "graphml",
    "gexf": "gexf",
    "dot": "dot",
    "mermaid": "mermaid",
    "svg": "svg",
    "png": "png",
    "pdf": "pdf",
    "html": "page",
}
"""The module of each form."""

PICTURES = ("dot", "mermaid", "svg", "png", "pdf")
"""The forms that can show a part of a proof. In the others a part would be taken for the whole."""

SEVERAL = ("text", "markdown", "json", "html")
"""The forms that can hold more than one proof."""

DATA = ("json", "graphml", "gexf")
"""The forms that carry every wording, whoever reads them."""

SUFFIXES = {".txt": "text", ".md": "markdown", ".gv": "dot", ".mmd": "mermaid", ".htm": "html"}


def form_of(path: Path) -> str:
    """The form that a file's suffix names; raises CannotExport."""
    suffix = path.suffix.lower()
    form = SUFFIXES.get(suffix, suffix.removeprefix("."))
    if form not in MODULES:
        raise CannotExport(f"`{path.name}` names no form; the forms are: {', '.join(MODULES)}; name one with --format")
    return form


def exported(explanation: Explanation, form: str, options: Options) -> str | bytes:
    """The explanation in a form: a text, or for pictures and PDF bytes; raises CannotExport."""
    if options.depth and form not in PICTURES:
        raise CannotExport(f"a depth is for pictures ({', '.join(PICTURES)}); `{form}` shows the whole proof")
    if len(explanation.proofs) > 1 and form not in SEVERAL:
        told = f"`{form}` holds one proof, and there are {len(explanation.proofs)}"
        raise CannotExport(f"{told}: take {', '.join(SEVERAL)}, or leave out -k")
    if options.audience == "member" and form in DATA:
        raise CannotExport(f"`{form}` is data, and has a member's words beside the reviewer's: leave out --for")
    module = import_module(f"explain.formats.{MODULES[form]}")
    export: Exporter = module.export
    return export(explanation, options)
