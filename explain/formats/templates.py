"""How pages are filled: by Jinja2, which escapes every text; a name that is not given is a mistake."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from explain.export.lines import visible
from kb.language.values import many

_HERE = Path(__file__).parent


def environment(*directories: Path) -> Environment:
    """The templates in some directories, which may extend `base.html`; `visible` shows control characters, `many` counts."""
    made = Environment(
        loader=FileSystemLoader([*directories, _HERE]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {"visible": visible, "many": many}
    return made


def own(name: str) -> Markup:
    """A style sheet or script of ours, to stand in a page as it is."""
    return Markup((_HERE / name).read_text(encoding="utf-8"))
