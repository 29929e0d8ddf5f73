"""The order in which the premises of a body are met: each after what binds its variables, selective ones first."""

from __future__ import annotations

from collections.abc import Callable

from kb.language import syntax as s

Size = Callable[[s.Atom], int]


def ordered(body: tuple[s.Premise, ...], size: Size) -> list[s.Premise]:
    """The premises so that tests follow at once what binds them, and small relations come first.

    `size` gives the number of rows of an atom's relation. An argument that is bound already
    counts as narrowing a relation tenfold (the usual guess without statistics).
    """
    pending, bound, result = list(body), set[str](), list[s.Premise]()
    while pending:
        chosen = next((each for each in pending if _is_ready(each, body, bound)), None)
        if chosen is None:
            chosen = min((p for p in pending if _lists(p)), key=lambda p: _estimate(p, bound, size))
        pending = [each for each in pending if each is not chosen]
        result.append(chosen)
        bound |= _binds(chosen)
    return result


def _lists(premise: s.Premise) -> bool:
    return isinstance(premise, s.Literal) and not premise.negated and not premise.atom.strong


def _is_ready(premise: s.Premise, body: tuple[s.Premise, ...], bound: set[str]) -> bool:
    if isinstance(premise, s.Comparison):
        free = {v.name for v in s.premise_variables(premise)} - bound
        return not free or (premise.op == "=" and _assigns(premise, bound))
    if isinstance(premise, s.Aggregate):
        free = {v.name for v in s.term_variables(premise.bound)} - bound
        return shared_variables(premise, body) <= bound and (not free or premise.op == "=")
    if _lists(premise):
        return False
    return all(v.name in bound or v.is_anonymous for v in s.premise_variables(premise))


def _assigns(premise: s.Comparison, bound: set[str]) -> bool:
    return any(
        isinstance(target, s.Variable) and target.name not in bound and all(v.name in bound for v in s.term_variables(other))
        for target, other in ((premise.left, premise.right), (premise.right, premise.left))
    )


def _binds(premise: s.Premise) -> set[str]:
    if isinstance(premise, s.Aggregate):
        return {v.name for v in s.term_variables(premise.bound)}
    return {v.name for v in s.premise_variables(premise)}


def _estimate(premise: s.Premise, bound: set[str], size: Size) -> float:
    assert isinstance(premise, s.Literal)
    fixed = sum(
        isinstance(term, s.Constant) or (isinstance(term, s.Variable) and term.name in bound) for term in premise.atom.terms
    )
    return float(size(premise.atom)) / float(10**fixed)


def shared_variables(aggregate: s.Aggregate, body: tuple[s.Premise, ...]) -> set[str]:
    """The variables of an aggregate's elements that the rule around it shares (its groups)."""
    inner = {v.name for p in aggregate.body for v in s.premise_variables(p)}
    inner |= {v.name for term in aggregate.terms for v in s.term_variables(term)}
    outer = set[str]()
    for premise in body:
        if isinstance(premise, s.Aggregate):
            outer |= {v.name for v in s.term_variables(premise.bound)}
        else:
            outer |= {v.name for v in s.premise_variables(premise)}
    return inner & outer
