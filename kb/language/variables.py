"""Variables: each occurs at least twice, and each is bound by a premise that lists its values (safety)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from kb.language import syntax as s
from kb.language.diagnostics import Finding, nearest
from kb.language.names import is_unresolved
from kb.language.symbols import Report, Source
from kb.language.values import quoted


def check_variables(
    source: Source, rule: s.Rule, known_values: frozenset[str], report: Report, once: Iterable[str] = ()
) -> None:
    """Reports variables that occur once, are spelled like a value, or are not bound; those of `once` may occur once."""
    report.add(source, *_misspelt(rule, known_values))
    report.add(source, *_single(rule, known_values, frozenset(once)))
    report.add(source, *_unsafe(rule))
    report.add(source, *_grouped_by_aggregates(rule))


def _misspelt(rule: s.Rule, known_values: frozenset[str]) -> Iterator[Finding]:
    seen = set()
    for variable in s.rule_variables(rule):
        if variable.name in known_values and variable.name not in seen:
            seen.add(variable.name)
            message = f"the variable `{variable.name}` is spelled like a known value"
            hint = f"write {quoted(variable.name)} for the value, or rename the variable"
            yield Finding(variable.place, "value-as-variable", message, hint)


def _single(rule: s.Rule, known_values: frozenset[str], once: frozenset[str]) -> Iterator[Finding]:
    occurrences = s.rule_variables(rule)
    counts = Counter(variable.name for variable in occurrences)
    for variable in occurrences:
        if counts[variable.name] > 1 or variable.name in known_values | once:
            continue
        others = [name for name in counts if name != variable.name]
        hint = (
            nearest(variable.name, others)
            or f"write `_` if the value does not matter, or {quoted(variable.name)} for the text"
        )
        yield Finding(variable.place, "single-variable", f"the variable `{variable.name}` occurs only once", hint)


def _unsafe(rule: s.Rule) -> Iterator[Finding]:
    bound = bound_variables(rule.body)
    seen: set[str] = set()
    for variable, why in _demanded(rule, bound):
        if variable.name not in bound and variable.name not in seen:
            seen.add(variable.name)
            name = "`_`" if variable.is_anonymous else f"the variable `{variable.name}`"
            hint = "add a premise that lists its values: a literal without `not` or `-`, or `V = …`"
            yield Finding(variable.place, "unsafe-variable", f"{name} {why} is not bound by any premise", hint)


def _grouped_by_aggregates(rule: s.Rule) -> Iterator[Finding]:
    """Aggregates over each value of another one."""
    bound = bound_variables(premise for premise in rule.body if not isinstance(premise, s.Aggregate))
    for premise in (each for each in rule.body if isinstance(each, s.Aggregate)):
        for name in sorted((shared_variables(premise, rule.body) & bound_variables(rule.body)) - bound):
            message = f"this aggregate is over each `{name}`, which is the value of another one"
            hint = f"conclude `{name}` in a rule of its own, and ask for that"
            yield Finding(premise.place, "aggregate-group", message, hint)


def is_safe(rule: s.Rule) -> bool:
    """Whether every variable that the head, a test or a computation speaks of is bound by some premise."""
    bound = bound_variables(rule.body)
    return all(variable.name in bound for variable, _ in _demanded(rule, bound))


def tested_variables(premise: s.Premise, body: Iterable[s.Premise]) -> frozenset[str]:
    """The variables that other premises of a body have to bind before this one can be looked at.

    A literal that lists rows needs none; of an aggregate they are its groups.
    """
    if isinstance(premise, s.Comparison):
        return frozenset(variable.name for variable in s.premise_variables(premise))
    if isinstance(premise, s.Aggregate):
        return frozenset(shared_variables(premise, body))
    if premise.lists:
        return frozenset()
    return frozenset(variable.name for variable in s.premise_variables(premise) if not variable.is_anonymous)


def _demanded(rule: s.Rule, bound: set[str]) -> Iterator[tuple[s.Variable, str]]:
    """Every variable that another premise has to bind."""
    yield from ((v, "of the head") for term in (rule.head.terms if rule.head else ()) for v in s.term_variables(term))
    yield from _demanded_in(rule.body, bound)


def _demanded_in(body: tuple[s.Premise, ...], bound: set[str]) -> Iterator[tuple[s.Variable, str]]:
    for premise in body:
        if isinstance(premise, s.Comparison):
            yield from ((v, "of this comparison") for v in s.premise_variables(premise))
        elif isinstance(premise, s.Aggregate):
            inner = bound | bound_variables(premise.body, bound)
            outer = (v for v in s.term_variables(premise.bound))
            yield from ((v, "of this comparison") for v in outer)
            used = [(v, "of this aggregate") for term in premise.terms for v in s.term_variables(term)]
            used += _demanded_in(premise.body, inner)
            yield from ((v, why) for v, why in used if v.name not in inner)
        elif not premise.lists:
            where = "under `not`" if premise.negated else "under `-`"
            variables = (v for term in premise.atom.terms for v in s.term_variables(term))
            yield from ((v, where) for v in variables if not v.is_anonymous)


def with_binders(
    elements: tuple[s.Premise, ...], wanted: Iterable[str], around: Iterable[s.Premise]
) -> tuple[s.Premise, ...]:
    """The elements of an aggregate, so that they bind the wanted variables.

    What they do not bind themselves is bound by the literals around the aggregate, and by
    what is computed from these; comparisons with the value of an aggregate bind nothing.
    """
    if set(wanted) <= set(s.body_variables(s.listing(elements))):
        return elements
    around = tuple(p for p in around if isinstance(p, s.Comparison) or (isinstance(p, s.Literal) and p.lists))
    bound = bound_variables(around)
    return (*(p for p in around if all(v.name in bound for v in s.premise_variables(p))), *elements)


def bound_variables(body: Iterable[s.Premise], given: Iterable[str] = ()) -> set[str]:
    """The variables that a body binds: those of its positive literals, and what `=` computes from them.

    A premise whose predicate is not known binds its variables too, so that one mistake is reported once.
    """
    body, bound = tuple(body), set(given)
    for premise in body:
        if isinstance(premise, s.Literal) and (premise.lists or is_unresolved(premise.atom)):
            bound |= {variable.name for variable in s.premise_variables(premise)}
    while True:
        new = {name for premise in body for name in _assigned(premise, bound, body)} - bound
        if not new:
            return bound
        bound |= new


def shared_variables(aggregate: s.Aggregate, body: Iterable[s.Premise]) -> set[str]:
    """The variables of an aggregate's elements that the rule around it shares (its groups)."""
    inner = s.aggregated_variables(aggregate)
    outer = set[str]()
    for premise in body:
        if isinstance(premise, s.Aggregate):
            outer |= {v.name for v in s.term_variables(premise.bound)}
        else:
            outer |= {v.name for v in s.premise_variables(premise)}
    return inner & outer


def _assigned(premise: s.Premise, bound: set[str], body: tuple[s.Premise, ...]) -> Iterator[str]:
    if isinstance(premise, s.Comparison) and premise.op == "=":
        for target, other in ((premise.left, premise.right), (premise.right, premise.left)):
            if isinstance(target, s.Variable) and all(v.name in bound for v in s.term_variables(other)):
                yield target.name
    elif isinstance(premise, s.Aggregate) and premise.op == "=" and isinstance(premise.bound, s.Variable):
        # The group must be known first: two aggregates that bind each other's groups have no value.
        yield from [premise.bound.name] if shared_variables(premise, body) <= bound else ()
