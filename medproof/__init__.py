"""medproof's Python API: the same few verbs as the command line, which calls them.

>>> import medproof
>>> base = medproof.load()
>>> [determination] = medproof.decide(base, medproof.open_case("reference"))
>>> determination.answers[0].verdict.value
'met'
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from explain.determination import Answer, Determination
from explain.refusals import ProofError
from explain.verdicts import Verdict
from facts.opening import CaseProblem, Opened, cases, open_case, open_cases, opened, shipped_cases
from facts.readers.datalog import Chart
from kb.engines.model import EvaluationError, EvaluationTimeout
from kb.goals import BadGoal, Table
from kb.language.diagnostics import Diagnostic, DocumentErrors
from kb.library import Library, UnreadableFile, load
from medproof.bench import check, coverage, diff, docs, lint, mutate, test
from medproof.books import cohort, cohort_case, diff_cohort, export_proofs, generate, verify_lines
from medproof.review import decide, explain, hinges, missing, program, query, verify, what_if

if TYPE_CHECKING:
    from authoring.coverage import Coverage
    from authoring.impact import Impact
    from authoring.lint import Violation
    from authoring.mutation import Mutation
    from authoring.running import Result
    from explain.changes import WhatIf
    from explain.checks import CheckReport
    from explain.explanations import Explanation
    from explain.hinges import Hinge, Hinged
    from explain.remedies import Missing, Remedy

__all__ = [
    "Answer",
    "BadGoal",
    "CaseProblem",
    "Chart",
    "CheckReport",
    "Coverage",
    "Determination",
    "Diagnostic",
    "DocumentErrors",
    "EvaluationError",
    "EvaluationTimeout",
    "Explanation",
    "Hinge",
    "Hinged",
    "Impact",
    "Library",
    "Missing",
    "Mutation",
    "Opened",
    "ProofError",
    "Remedy",
    "Result",
    "Table",
    "UnreadableFile",
    "Verdict",
    "Violation",
    "WhatIf",
    "cases",
    "check",
    "cohort",
    "cohort_case",
    "coverage",
    "decide",
    "diff",
    "diff_cohort",
    "docs",
    "explain",
    "export_proofs",
    "generate",
    "hinges",
    "lint",
    "load",
    "missing",
    "mutate",
    "open_case",
    "open_cases",
    "opened",
    "program",
    "query",
    "shipped_cases",
    "test",
    "verify",
    "verify_lines",
    "what_if",
]


_LATER = {
    "CheckReport": "explain.checks", "Coverage": "authoring.coverage", "Explanation": "explain.explanations",
    "Hinge": "explain.hinges", "Hinged": "explain.hinges", "Impact": "authoring.impact",
    "Missing": "explain.remedies", "Remedy": "explain.remedies", "Result": "authoring.running",
    "Mutation": "authoring.mutation", "Violation": "authoring.lint", "WhatIf": "explain.changes",
}  # fmt: skip
"""What is imported when it is first asked for: deciding a case needs no graphs."""


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module `medproof` has no attribute `{name}`")
    return getattr(import_module(_LATER[name]), name)
