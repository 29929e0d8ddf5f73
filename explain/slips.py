"""Slips in a request that no document speaks to: a code that none in force lists."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from explain.outcomes import Outcome
from explain.verdicts import Verdict
from kb.compiled import Compiled
from kb.language.codes import Codes
from kb.language.syntax import Variable


def slips(compiled: Compiled, outcomes: Iterable[Outcome]) -> Iterator[str]:
    """A sentence for each code of an unaddressed question that no document lists, and what it may be meant to be."""
    for outcome in outcomes:
        if outcome.question is None or outcome.verdict is not Verdict.UNADDRESSED:
            continue
        trigger = outcome.question.goal.trigger
        arguments = compiled.program.predicate(trigger.relation).arguments
        for i, (term, argument) in enumerate(zip(trigger.terms, arguments, strict=True)):
            value = outcome.question.binding.get(term.name) if isinstance(term, Variable) else None
            if not compiled.codes.lists((trigger.relation, i), value):
                yield unlisted(compiled.codes, argument.name, str(value))


def unlisted(codes: Codes, argument: str, code: str) -> str:
    """Such a code, in a sentence; `codes` may be those of a whole book, of which other requests' documents list it."""
    meant = codes.meant(code)
    told = f"The {argument} `{code}` is listed by no document that decides the request"
    if meant == code:
        return f"{told}, but by another payer's, or of another time."
    return f"{told}; did you mean `{meant}`?" if meant else f"{told}."
