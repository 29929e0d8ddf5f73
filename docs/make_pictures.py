"""Draws the pictures that docs/explanations.md shows: python docs/make_pictures.py."""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

import medproof  # noqa: E402
from explain.formats import Options, exported  # noqa: E402

PICTURES = {
    "waiver.svg": ("reference", "A4"),
    "length-of-care.svg": ("two-weeks", "C5"),
}
"""Each picture with its case and goal; what is drawn is the minimal proof."""


def picture(name: str) -> str:
    """The picture as it is drawn now."""
    case, goal = PICTURES[name]
    found = medproof.explain(medproof.load(), medproof.open_case(case), goal, minimal=True)
    made = exported(found, "svg", Options())
    assert isinstance(made, bytes)
    return made.decode("utf-8")


if __name__ == "__main__":
    for each in PICTURES:
        (HERE / "pictures" / each).write_text(picture(each), encoding="utf-8")
