"""Proofs as JSON lines, each complete in itself: a question, why it is so, and the chart that the proof rests on."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from explain.formats.node_link import told_once

AT_A_TIME = 2_000
"""Cases, or lines, in a part of the work."""

Question = tuple[str, str, str]
"""A case, what is asked of it, and of which item."""


@dataclass(frozen=True)
class ProofLine:
    """A line: case, question and arguments, payer and day, the proof in node-link form, and the chart as text.

    `certain`: the cohort has it as met however the record's silences turn out.
    """

    case: str
    question: str
    item: str
    payer: str
    on: str
    certain: bool
    proof: dict[str, Any]
    chart: str

    @property
    def asked(self) -> Question:
        """What it shows to be met."""
        return self.case, self.question, self.item

    @property
    def text(self) -> str:
        """The line as it stands in a file."""
        return json.dumps(vars(self), ensure_ascii=False) + "\n"


def read_line(text: str) -> ProofLine:
    """The line; raises ValueError when it is none."""
    try:
        found = ProofLine(**json.loads(text, object_pairs_hook=told_once))
    except (ValueError, TypeError, RecursionError) as error:
        raise ValueError("this is no line that `medproof proofs` wrote") from error
    kinds = {"proof": dict, "certain": bool}
    if not all(isinstance(value, kinds.get(name, str)) for name, value in vars(found).items()):
        raise ValueError("this is no line that `medproof proofs` wrote")
    return found
