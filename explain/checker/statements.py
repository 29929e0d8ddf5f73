"""What the documents say, read again from the parser's statements: rules, facts, and what they mean.

This shares the parser with the rest of medproof and nothing else. It takes documents
without mistakes (`medproof check` finds those) and does not look for any.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from functools import lru_cache
from itertools import product

from explain.refusals import ProofError
from kb.language import syntax as s
from kb.language.documents import Document, Stated
from kb.language.values import ANY, UNKNOWN, Row, Value, number_text

Place = Mapping[str, str | int]
"""Where a statement stands: document, file, title, section, passage, line."""


@dataclass(frozen=True)
class Domain:
    """A declared domain: its values, each with its place in their order, and the parts of its collective ones."""

    ranks: Mapping[str, int]
    parts: Mapping[str, tuple[str, ...]]
    ordered: bool


@dataclass(frozen=True)
class Predicate:
    """A declared predicate: its arguments with their types, its wordings, its subject."""

    name: str
    arguments: tuple[tuple[str, str], ...]
    is_fact: bool
    wordings: Mapping[str, str]
    closed: bool
    about: tuple[int, ...]


@dataclass(frozen=True)
class Rule:
    """A rule with qualified names, and the type of each variable; `place` is where it stands."""

    id: str
    head: s.Atom
    body: tuple[s.Premise, ...]
    types: Mapping[str, str]
    place: Place
    reading: str


@dataclass
class Statements:
    """All statements in force, and the chart's."""

    domains: dict[str, Domain] = field(default_factory=dict)
    predicates: dict[str, Predicate] = field(default_factory=dict)
    rules: dict[str, Rule] = field(default_factory=dict)
    rules_for: dict[str, list[Rule]] = field(default_factory=dict)
    """The rules by the relation that they conclude."""
    facts: dict[str, dict[Row, list[Place]]] = field(default_factory=dict)
    criteria: dict[str, tuple[s.CriterionDeclaration, Place]] = field(default_factory=dict)
    """The first criterion of each predicate that concludes one."""
    readings: dict[str, s.ReadingDeclaration] = field(default_factory=dict)
    """The first reading of each name."""

    def type_of(self, document: Document, name: str) -> str:
        """A type's qualified name."""
        own = qualified(document, name)
        return own if own in self.domains else name

    def predicate_of(self, document: Document, name: str) -> Predicate:
        """The predicate that a name means in a document; raises KeyError."""
        own = qualified(document, name)
        return self.predicates[own if own in self.predicates else name]

    def value(self, value: Value, kind: str) -> Value:
        """A constant as a value of a type."""
        if value is UNKNOWN or value is ANY or kind == "number":
            return value
        text = number_text(value) if isinstance(value, Decimal) else str(value)
        return date.fromisoformat(text) if kind == "date" else text

    def rank(self, kind: str, value: Value) -> int | None:
        """The place of a value in the order of an ordered domain."""
        domain = self.domains.get(kind)
        return domain.ranks.get(value) if domain is not None and domain.ordered and isinstance(value, str) else None

    def stated(self, relation: str) -> Iterable[Row]:
        """The rows that documents state of a relation."""
        return self.facts.get(relation, {})


def qualified(document: Document, name: str) -> str:
    """What a payer's document declares is its own."""
    return f"{document.meta.id}/{name}" if document.meta.payer else name


def in_force(documents: Iterable[Document], payer: str, on: date) -> list[Document]:
    """The shared documents and the payer's on a day, of each id the version that took effect last."""
    chosen: dict[str, Document] = {}
    for document in documents:
        meta = document.meta
        if meta.case or meta.payer not in ("", payer) or not meta.in_force(on):
            continue
        known = chosen.get(meta.id)
        if known is None or (known.meta.effective or date.min) < (meta.effective or date.min):
            chosen[meta.id] = document
    return list(chosen.values())


def read(policies: Iterable[Document], chart: Document, files: Mapping[str, str]) -> Statements:
    """The statements of policies and of a chart; `files` says under which name each document is known.

    Raises ProofError when the chart states more than facts of its case.
    """
    policies = tuple(policies)
    known = _read(_Policies(tuple((each.id, files[each.id], each.digest) for each in policies), policies))
    found, named = replace(known, facts={}), replace(chart, name=files[chart.id])
    for stated in chart.statements:
        _fact(found, named, stated, _head_of_fact(known, chart, stated))
    # Policies state nothing of a case: no relation is in both.
    return replace(found, facts={**known.facts, **found.facts})


def _head_of_fact(known: Statements, chart: Document, stated: Stated) -> s.Atom:
    """What a statement of a chart says of its case: a fact, and nothing that rules conclude."""
    node = stated.node
    if isinstance(node, s.Rule) and node.head is not None and not node.body:
        predicate = known.predicate_of(chart, node.head.predicate)
        pairs = zip(node.head.terms, predicate.arguments, strict=True)
        about = [getattr(term, "value", None) for term, (_, kind) in pairs if kind == "case"]
        if predicate.is_fact and about == [chart.meta.case]:
            return node.head
    raise ProofError(chart.name, f"line {node.place.line} states no fact of the case `{chart.meta.case}`")


@dataclass(frozen=True)
class _Policies:
    """Documents, known by their content."""

    known_by: tuple[tuple[str, str, str], ...]
    documents: tuple[Document, ...] = field(compare=False)


@lru_cache(maxsize=8)
def _read(policies: _Policies) -> Statements:
    """The statements of policies: read once for the many charts that are checked against them."""
    documents = [replace(each, name=name) for each, (_, name, _) in zip(policies.documents, policies.known_by, strict=True)]
    found = Statements()
    for document, stated in _each(documents):
        if isinstance(stated.node, s.DomainDeclaration):
            found.domains[qualified(document, stated.node.name)] = _domain(stated.node)
    for document, stated in _each(documents):
        if isinstance(stated.node, s.PredicateDeclaration):
            predicate = _predicate(found, document, stated.node)
            found.predicates[predicate.name] = predicate
    for document, stated in _each(documents):
        _describe(found, document, stated)
    for document, stated in _each(documents):
        if isinstance(stated.node, s.Rule) and stated.node.head is not None:
            if stated.node.body:
                _rule(found, document, stated, stated.node, stated.node.head)
            else:
                _fact(found, document, stated, stated.node.head)
    return found


def _each(documents: Iterable[Document]) -> Iterator[tuple[Document, Stated]]:
    for document in documents:
        for stated in document.statements:
            yield document, stated


def _domain(node: s.DomainDeclaration) -> Domain:
    values = [member.name for member in node.members if not member.parts]
    parts = {member.name: member.parts for member in node.members if member.parts}
    return Domain({value: rank for rank, value in enumerate(values)}, parts, node.ordered)


def _predicate(found: Statements, document: Document, node: s.PredicateDeclaration) -> Predicate:
    arguments = tuple((each.name, found.type_of(document, each.type)) for each in node.parameters)
    about = tuple(i for i, (_, kind) in enumerate(arguments) if kind not in ("date", "number"))
    wordings = {each.label: each.text for each in node.wordings}
    return Predicate(qualified(document, node.name), arguments, node.kind == "fact", wordings, False, about)


def _describe(found: Statements, document: Document, stated: Stated) -> None:
    node = stated.node
    if isinstance(node, s.Property) and node.kind == "about":
        known = found.predicate_of(document, node.atom.predicate)
        names = [name for name, _ in known.arguments]
        about = tuple(names.index(term.name) for term in node.atom.terms if isinstance(term, s.Variable))
        found.predicates[known.name] = replace(known, about=about)
    elif isinstance(node, s.Flag) and node.kind == "closed":
        for name, _ in node.names:
            known = found.predicate_of(document, name)
            found.predicates[known.name] = replace(known, closed=True)
    elif isinstance(node, s.CriterionDeclaration):
        relation = found.predicate_of(document, node.atom.predicate).name
        found.criteria.setdefault(relation, (node, place_of(document, stated)))
    elif isinstance(node, s.ReadingDeclaration):
        found.readings.setdefault(node.name, node)


def place_of(document: Document, stated: Stated) -> dict[str, str | int]:
    """Where a statement stands."""
    return {
        "document": document.id,
        "file": document.name,
        "title": document.meta.title or document.meta.id,
        "section": document.sections[stated.section].title,
        "passage": stated.passage,
        "line": stated.node.place.line,
    }


def _rule(found: Statements, document: Document, stated: Stated, node: s.Rule, head: s.Atom) -> None:
    rule_id = _new_id(found, document, stated, head)
    body = _apart(tuple(_qualified_premise(found, document, premise) for premise in node.body))
    named = _qualified_atom(found, document, head)
    types: dict[str, str] = {}
    _collect_types(found, [*body, s.Literal(named)], types)
    typed = tuple(_typed_premise(found, premise, types) for premise in body)
    place, reading = place_of(document, stated), _reading(document, stated, head)
    found.rules[rule_id] = rule = Rule(rule_id, _typed_atom(found, named), typed, types, place, reading)
    found.rules_for.setdefault(rule.head.relation, []).append(rule)


def _fact(found: Statements, document: Document, stated: Stated, head: s.Atom) -> None:
    predicate, place = found.predicate_of(document, head.predicate), place_of(document, stated)
    choices: list[tuple[Value, ...]] = []
    for term, (_, kind) in zip(head.terms, predicate.arguments, strict=True):
        value = found.value(term.value, kind) if isinstance(term, s.Constant) else ANY
        domain = found.domains.get(kind)
        choices.append(domain.parts.get(value, (value,)) if domain is not None and isinstance(value, str) else (value,))
    relation = f"-{predicate.name}" if head.strong else predicate.name
    for row in product(*choices):
        found.facts.setdefault(relation, {}).setdefault(row, []).append(place)


def _new_id(found: Statements, document: Document, stated: Stated, head: s.Atom) -> str:
    sign = "-" if head.strong else ""
    base = f"{document.id}#{document.sections[stated.section].anchor}/{sign}{head.predicate}"
    number = 1
    while (base if number == 1 else f"{base}.{number}") in found.rules:
        number += 1
    return base if number == 1 else f"{base}.{number}"


def _reading(document: Document, stated: Stated, head: s.Atom) -> str:
    for other in document.statements:
        node = other.node
        is_here = other.section == stated.section and not head.strong
        if is_here and isinstance(node, s.ReadingDeclaration) and node.atom.predicate == head.predicate:
            return node.name
    return ""


def _qualified_atom(found: Statements, document: Document, atom: s.Atom) -> s.Atom:
    return s.Atom(found.predicate_of(document, atom.predicate).name, atom.terms, atom.strong, atom.place)


def _qualified_premise(found: Statements, document: Document, premise: s.Premise) -> s.Premise:
    if isinstance(premise, s.Literal):
        return s.Literal(_qualified_atom(found, document, premise.atom), premise.negated)
    if isinstance(premise, s.Aggregate):
        body = tuple(_qualified_premise(found, document, inner) for inner in premise.body)
        return s.Aggregate(premise.function, premise.terms, body, premise.op, premise.bound, premise.place)
    return premise


def _apart(body: tuple[s.Premise, ...], around: frozenset[str] = frozenset()) -> tuple[s.Premise, ...]:
    """The body with the variables of each aggregate that are its own named apart: two may use one name.

    `around` are the variables of what the body stands in, which an aggregate within it shares too.
    """
    outer = around.union(
        v.name for p in body for v in (s.term_variables(p.bound) if isinstance(p, s.Aggregate) else s.premise_variables(p))
    )
    made: list[s.Premise] = []
    for number, premise in enumerate(body):
        if isinstance(premise, s.Aggregate):
            names = {v.name for inner in premise.body for v in s.premise_variables(inner)}
            names |= {v.name for term in premise.terms for v in s.term_variables(term)}
            new: dict[str, s.Term] = {name: s.Variable(f"{name}{APART}{number}") for name in names - outer}
            inside = s.substituted(s.Rule(None, _apart(premise.body, outer)), new).body
            terms = s.substituted(s.Rule(s.Atom("", premise.terms), ()), new).head
            assert terms is not None
            premise = replace(premise, terms=terms.terms, body=inside)
        made.append(premise)
    return tuple(made)


APART = "§"
"""Stands between a variable's name and the number that tells it apart."""


def plain_variable(name: str) -> str:
    """A variable's name as its author wrote it."""
    return name.split(APART)[0]


def _collect_types(found: Statements, body: Iterable[s.Premise], types: dict[str, str]) -> None:
    """The types of variables: literals give them, then comparisons and aggregates pass them on, until nothing is new."""
    body = list(body)
    for literal in s.literals(body):
        arguments = found.predicates[literal.atom.predicate].arguments
        for term, (_, kind) in zip(literal.atom.terms, arguments, strict=True):
            if isinstance(term, s.Variable):
                types.setdefault(term.name, kind)
    premises = list(_flat(body))
    known = -1
    while known != len(types):
        known = len(types)
        for premise in premises:
            if isinstance(premise, s.Comparison):
                sides = (premise.left, premise.right)
                kind = next((k for side in sides if (k := term_type(side, types))), "")
                bound: tuple[s.Term, ...] = sides
            else:
                kind, bound = aggregate_type(premise, types), (premise.bound,)
            for side in bound:
                if isinstance(side, s.Variable) and kind:
                    types.setdefault(side.name, kind)


def _flat(body: Iterable[s.Premise]) -> Iterator[s.Comparison | s.Aggregate]:
    for premise in body:
        if isinstance(premise, s.Aggregate):
            yield from _flat(premise.body)
        if not isinstance(premise, s.Literal):
            yield premise


def term_type(term: s.Term, types: Mapping[str, str]) -> str:
    """The type of a term as far as it is known: a difference of days is a number, a shifted day is a day."""
    if isinstance(term, s.Variable):
        return types.get(term.name, "")
    if isinstance(term, s.Constant):
        return "number" if isinstance(term.value, Decimal) else ""
    kinds = [term_type(side, types) or ("date" if isinstance(side, s.Constant) else "") for side in (term.left, term.right)]
    if kinds.count("date") == 2 or ("" in kinds and "date" not in kinds):
        return "number"
    return "date" if kinds.count("date") == 1 and "" not in kinds else "number" if "date" not in kinds else ""


def aggregate_type(premise: s.Aggregate, types: Mapping[str, str]) -> str:
    """The type of an aggregate's value."""
    return term_type(premise.terms[0], types) if premise.function in ("min", "max") else "number"


def _typed_premise(found: Statements, premise: s.Premise, types: Mapping[str, str]) -> s.Premise:
    """The premise with its constants as values of their types: a date, not its text."""
    if isinstance(premise, s.Literal):
        return replace(premise, atom=_typed_atom(found, premise.atom))
    if isinstance(premise, s.Comparison):
        sides = (premise.left, premise.right)
        kind = next((k for t in sides if not isinstance(t, s.Constant) and (k := term_type(t, types))), "")
        return replace(premise, left=_typed(found, premise.left, kind), right=_typed(found, premise.right, kind))
    body = tuple(_typed_premise(found, inner, types) for inner in premise.body)
    terms = tuple(_typed(found, term, "") for term in premise.terms)
    return replace(premise, terms=terms, body=body, bound=_typed(found, premise.bound, aggregate_type(premise, types)))


def _typed_atom(found: Statements, atom: s.Atom) -> s.Atom:
    arguments = found.predicates[atom.predicate].arguments
    terms = tuple(_typed(found, term, kind) for term, (_, kind) in zip(atom.terms, arguments, strict=True))
    return replace(atom, terms=terms)


def _typed(found: Statements, term: s.Term, kind: str) -> s.Term:
    """The term with typed constants; a text inside arithmetic is a day."""
    if isinstance(term, s.Arithmetic):
        left, right = (_typed(found, t, "date" if _is_text(t) else "") for t in (term.left, term.right))
        return replace(term, left=left, right=right)
    return replace(term, value=found.value(term.value, kind)) if isinstance(term, s.Constant) and kind else term


def _is_text(term: s.Term) -> bool:
    return isinstance(term, s.Constant) and isinstance(term.value, str)


def plain_name(relation: str) -> str:
    """A relation's name as its own document writes it."""
    return relation.removeprefix("-").rsplit("/", 1)[-1]
