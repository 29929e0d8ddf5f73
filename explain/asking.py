"""Asks in words: each fact as its template reads, with what is needed of each value in its place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from explain.asks import Ask, Hole, Need, OneOf, Wanted, opened, shape, values_of
from explain.wording import OTHER_THAN, demand_words, need_words, placeholder, spaced, words
from kb.engines.computed import compare, compute
from kb.language import syntax as s
from kb.language.program import Domain, Program
from kb.language.values import NumberOutOfRange, Value

Demand = tuple[str, Value]
"""How a value has to compare, and with what."""
_ORDER = (">=", ">", "=", "!=", "<=", "<")
_TURNED = {"=": "=", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


def ask_words(program: Program, ask: Ask) -> str:
    """The facts that an ask wants, and the comparisons that are not said in the place of a single value."""
    facts = [fact_words(program, ask, wanted) for wanted in sorted(ask.wanted, key=str)]
    text = ", and ".join(facts)
    told = Counter(need_words(need.premise, _known(need)) for need in _between(ask))
    # Several facts that are alike, each of which has to satisfy the same.
    between = [f"{each} in each" if number > 1 else each for each, number in told.items()]
    return "; ".join([f"{text}, so that {' and '.join(between)}" if between else text, *sorted(ask.remarks)])


def fact_words(program: Program, ask: Ask, wanted: Wanted) -> str:
    """One fact of an ask, with what is needed of each value in its place."""
    relation, row = wanted
    shown, named = dict[int, str](), {hole: name for need in _between(ask) for name, hole in _open_terms(need)}
    for position, (argument, term) in enumerate(zip(program.predicate(relation).arguments, row, strict=True)):
        if isinstance(term, Hole):
            demanded, label = _demand(ask, term, program.domains.get(argument.type)), placeholder(argument)
            text = f"{spaced(argument.type)} {demanded}" if demanded.startswith(OTHER_THAN) else demanded or label
            name = spaced(named.get(term, label))
            shown[position] = f"[{text}]" if name == label else f"[{name}: {text}]"
        elif isinstance(term, OneOf):
            shown[position] = f"[{_choice_words(program, argument.type, term)}]"
    return words(program, relation, opened(row), instead=shown)


def _between(ask: Ask) -> list[Need]:
    """The comparisons that are said after the facts: those that are not about one value to be told alone."""
    said = {need for hole in ask.holes for need in ask.needs if any(_demands(need, hole))}
    between = [need for need in ask.needs if need not in said and need.holes and need.holes <= ask.holes]
    return sorted(between, key=lambda need: (-len(need.holes), need_words(need.premise, _known(need))))


def _open_terms(need: Need) -> Iterator[tuple[str, Hole]]:
    """The names under which a comparison speaks of values to be told."""
    return ((name, term) for name, term in need.terms if isinstance(term, Hole))


def _choice_words(program: Program, kind: str, choice: OneOf) -> str:
    """Several values: all but one or two of a domain by what they are not."""
    domain = program.domains.get(kind)
    others = [value for value in domain.values if value not in choice.values] if domain is not None else []
    if domain is not None and len(choice.values) > 3 and len(others) <= 2:
        spoken = [value.replace("_", " ") for value in others]
        return f"{spaced(kind)} {OTHER_THAN} {' or '.join(spoken)}" if spoken else f"any {spaced(kind)}"
    *first, last = [value.replace("_", " ") for value in choice.values]
    return f"{', '.join(first)} or {last}"


def _demand(ask: Ask, hole: Hole, domain: Domain | None) -> str:
    """What the comparisons ask of one value: `at most 4-`; nothing when any will do that is told (no text is empty)."""
    found = sorted(_demanded(ask, hole), key=lambda demand: (_ORDER.index(demand[0]), str(demand[1])))
    return " and ".join(demand_words(*each) for each in found if not _is_implied(each, found, domain))


def _demanded(ask: Ask, hole: Hole) -> set[Demand]:
    return {demand for need in ask.needs for demand in _demands(need, hole)} - {("!=", "")}


def says_less(program: Program, ask: Ask, other: Ask) -> bool:
    """Whether all that does for another ask, of the same facts, does for this one, as far as values are compared alone.

    An ask that says nothing of a value may stand for what is compared elsewhere: it does not count as saying less.
    """
    if _between(ask) or len(ask.wanted) != len(other.wanted):
        return False
    for (relation, row), (_, others) in zip(sorted(ask.wanted, key=shape), sorted(other.wanted, key=shape), strict=True):
        for argument, term, another in zip(program.predicate(relation).arguments, row, others, strict=True):
            if isinstance(term, Hole) and isinstance(another, Hole):
                domain = program.domains.get(argument.type)
                demanded, others_demanded = _demanded(ask, term), _demanded(other, another)
                if not demanded and others_demanded:
                    return False
                if not all(each in others_demanded or _is_implied(each, others_demanded, domain) for each in demanded):
                    return False
            elif term != another and not (isinstance(term, OneOf) and set(values_of(another)) <= set(term.values)):
                return False
    return True


def _is_implied(demand: Demand, demands: Iterable[Demand], domain: Domain | None) -> bool:
    return any(_follows(demand, each, domain) for each in demands)


def _follows(demand: Demand, other: Demand, domain: Domain | None) -> bool:
    """Whether what compares as the other demands compares as this one does, which says less."""
    (op, limit), (other_op, other_limit) = demand, other
    is_alike = demand != other and op[0] == other_op[0] and op[0] in "<>"
    return is_alike and compare(op, other_limit, limit, domain, lenient=False)


def _demands(need: Need, hole: Hole) -> Iterator[Demand]:
    """What a comparison asks of a value by itself."""
    if need.holes != {hole}:
        return
    names = {name for name, term in need.terms if term == hole}
    sides = ((need.premise.left, need.premise.op, need.premise.right),
             (need.premise.right, _TURNED[need.premise.op], need.premise.left))  # fmt: skip
    for side, op, other in sides:
        if isinstance(side, s.Variable) and side.name in names:
            try:
                yield op, compute(other, _known(need))
            except (KeyError, NumberOutOfRange):
                continue


def _known(need: Need) -> dict[str, Value]:
    return {name: term for name, term in need.terms if not isinstance(term, (Hole, OneOf))}
