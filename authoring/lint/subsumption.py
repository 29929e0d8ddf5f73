"""When one rule says all that another says: theta-subsumption (Plotkin 1970) on rules as they are written."""

from __future__ import annotations

from kb.language import syntax as s
from kb.language.program import ProgramRule

Substitution = dict[str, s.Term]


def subsumes(general: ProgramRule, special: ProgramRule) -> bool:
    """Whether every instance of the special rule is one of the general rule, which has fewer premises or the same."""
    start = _matched(general.head.terms, special.head.terms, {})
    return (
        general.head.relation == special.head.relation
        and start is not None
        and covers(general.rule.body, special.rule.body, start)
    )


def covers(general: tuple[s.Premise, ...], special: tuple[s.Premise, ...], start: Substitution) -> bool:
    """Whether some values for the variables make each premise of the general body one of the special body."""
    if not general:
        return True
    first, rest = general[0], general[1:]
    for premise in special:
        extended = _premise(first, premise, start)
        if extended is not None and covers(rest, special, extended):
            return True
    return False


def matched_heads(general: ProgramRule, special: ProgramRule) -> Substitution | None:
    """The values that make one head's arguments the other's, whatever their predicates."""
    return _matched(general.head.terms, special.head.terms, {})


def _premise(general: s.Premise, special: s.Premise, start: Substitution) -> Substitution | None:
    if isinstance(general, s.Literal) and isinstance(special, s.Literal):
        if (general.negated, general.atom.relation) != (special.negated, special.atom.relation):
            return None
        # Under `not`, fewer values say less: there the literals have to be the same but for names.
        return _matched(general.atom.terms, special.atom.terms, start, only_names=general.negated)
    if isinstance(general, s.Comparison) and isinstance(special, s.Comparison) and general.op == special.op:
        return _matched((general.left, general.right), (special.left, special.right), start)
    if isinstance(general, s.Aggregate) and isinstance(special, s.Aggregate):
        if (general.function, general.op, len(general.body)) != (special.function, special.op, len(special.body)):
            return None
        found = _matched((*general.terms, general.bound), (*special.terms, special.bound), start, only_names=True)
        for one, other in zip(general.body, special.body, strict=True):
            found = None if found is None else _same(one, other, found)
        return found
    return None


def _same(one: s.Premise, other: s.Premise, start: Substitution) -> Substitution | None:
    """Whether two premises of aggregates are the same but for names."""
    if isinstance(one, s.Literal) and isinstance(other, s.Literal):
        is_same = (one.negated, one.atom.relation) == (other.negated, other.atom.relation)
        return _matched(one.atom.terms, other.atom.terms, start, only_names=True) if is_same else None
    if isinstance(one, s.Comparison) and isinstance(other, s.Comparison) and one.op == other.op:
        return _matched((one.left, one.right), (other.left, other.right), start, only_names=True)
    return None


def _matched(
    general: tuple[s.Term, ...], special: tuple[s.Term, ...], start: Substitution, only_names: bool = False
) -> Substitution | None:
    """The values that make some terms others; `only_names`: by giving each variable another name, and no two the same."""
    if len(general) != len(special):
        return None
    found = dict(start)
    for one, other in zip(general, special, strict=True):
        if isinstance(one, s.Variable):
            if only_names and not _is_another_name(one, other, found):
                return None
            if found.setdefault(one.name, other) != other:
                return None
        elif isinstance(one, s.Arithmetic) and isinstance(other, s.Arithmetic) and one.op == other.op:
            inner = _matched((one.left, one.right), (other.left, other.right), found, only_names)
            if inner is None:
                return None
            found = inner
        elif one != other:
            return None
    return found


def _is_another_name(one: s.Variable, other: s.Term, found: Substitution) -> bool:
    if not isinstance(other, s.Variable) or one.is_anonymous is not other.is_anonymous:
        return False
    return all(term != other for name, term in found.items() if name != one.name)
