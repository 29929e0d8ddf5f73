"""Rules and facts, one by one: resolved, typed, safe, case-local, and named."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from kb.language import syntax as s
from kb.language.diagnostics import Finding
from kb.language.documents import Document
from kb.language.locality import case_variables, check_locality
from kb.language.memory import Declared, Looked, Memory, key, meant
from kb.language.names import is_unresolved, resolve_rule
from kb.language.program import Fact, Origin, ProgramRule
from kb.language.symbols import Report, Source, Symbols
from kb.language.types import type_rule
from kb.language.values import ANY, Row, Value
from kb.language.variables import check_variables


@dataclass(frozen=True)
class Checked:
    """A rule or fact that passed every check over one statement, and where it came from."""

    source: Source
    rule: s.Rule
    origin: Origin

    @property
    def is_fact(self) -> bool:
        """Whether it has no premises."""
        return not self.rule.body and self.rule.head is not None


def checked_rules(everything: Iterable[Source], memory: Memory, declared: Declared, report: Report) -> tuple[Checked, ...]:
    """The rules and facts without mistakes; the mistakes of the others go to the report.

    What the memory knows of a rule is not looked for again; afterwards it knows these rules.
    """
    former, memory.rules = memory.rules, {}
    found = []
    for source in everything:
        if isinstance(source.node, s.Rule):
            name = key(source)
            looked = former.get(name)
            if looked is None or looked.diagnostics:  # a mistake shows its line, on which something else may have changed
                looked = _looked(source, source.node, declared)
            memory.rules[name] = looked
            report.take(looked.diagnostics)
            if looked.rule is not None:
                found.append(Checked(source, looked.rule, looked.origin))
    return tuple(found)


def _looked(source: Source, node: s.Rule, declared: Declared) -> Looked:
    report, symbols = Report(), declared.symbols
    rule = resolve_rule(source, node, symbols, report)
    if rule is not None:
        rule = type_rule(source, rule, symbols, report)
        _check_head(source, rule, symbols, declared.asked, report)
        if rule.body:
            check_locality(source, rule, symbols, report)
        cases = case_variables(rule, symbols)
        # In a constraint one literal may be all that speaks of the case; of two cases each may stand once.
        once = cases if rule.head is None or len(cases) > 1 else ()
        check_variables(source, rule, declared.known_values, report, once)
        if report.found or _has_unresolved(rule.body):
            rule = None
    names = dict.fromkeys(atom.predicate for atom in s.atoms(node))
    uses = tuple(meant(source.document, name, declared) for name in names)
    variables = frozenset(variable.name for variable in s.rule_variables(node))
    return Looked(node, rule, source.origin, uses, variables, variables & declared.known_values, report.diagnostics)


def _has_unresolved(body: tuple[s.Premise, ...]) -> bool:
    """Whether a premise names a predicate whose declaration is broken (reported where it stands)."""
    literals = (p for p in body if isinstance(p, s.Literal))
    inner = (p.body for p in body if isinstance(p, s.Aggregate))
    return any(is_unresolved(p.atom) for p in literals) or any(map(_has_unresolved, inner))


def _check_head(source: Source, rule: s.Rule, symbols: Symbols, goals: frozenset[str], report: Report) -> None:
    """A policy states no facts about a case; a payer's document concludes only its own predicates and goals."""
    if rule.head is None:
        return
    predicate = symbols.predicates[rule.head.predicate]
    if not rule.body and predicate.case_position is not None:
        message = f"a policy states nothing about one case: `{predicate.local_name}`"
        hint = "facts about a case stand in its chart, or in a `datalog test` block"
        report.add(source, Finding(rule.head.place, "case-fact", message, hint))
    if source.document.meta.payer and "/" not in predicate.name and predicate.name not in goals:
        message = f"a payer's document does not conclude the shared predicate `{predicate.name}`"
        hint = "declare a predicate of your own with `#pred`, and conclude that"
        report.add(source, Finding(rule.head.place, "shared-predicate", message, hint))


def named(checked: Iterable[Checked]) -> dict[str, tuple[Source, ProgramRule]]:
    """The rules by id: document, section and predicate, and a number from the second one there on."""
    found: dict[str, tuple[Source, ProgramRule]] = {}
    numbers: dict[str, int] = {}
    readings: dict[str, dict[tuple[int, str], str]] = {}
    for each in checked:
        if each.is_fact:
            continue
        origin, head = each.origin, each.rule.head
        base = f"{origin.document}#{origin.anchor}/{_local_name(head)}"
        numbers[base] = numbers.get(base, 0) + 1
        rule_id = _numbered(base, numbers[base])
        if head is None:
            rule = replace(each.rule, head=s.Atom(f"!{rule_id}", _outer_variables(each.rule)))
            found[rule_id] = each.source, ProgramRule(rule_id, rule, origin, is_constraint=True)
        else:
            if origin.file not in readings:
                readings[origin.file] = _readings(each.source.document)
            reading = readings[origin.file].get((each.source.stated.section, _local_name(head)), "")
            found[rule_id] = each.source, ProgramRule(rule_id, each.rule, origin, reading)
    return found


def _numbered(base: str, number: int) -> str:
    return base if number == 1 else f"{base}.{number}"


def _local_name(head: s.Atom | None) -> str:
    if head is None:
        return "constraint"
    return ("-" if head.strong else "") + head.predicate.rsplit("/", 1)[-1]


def _outer_variables(rule: s.Rule) -> tuple[s.Term, ...]:
    """The variables of a constraint outside its aggregates: what an instance of it is about."""
    variables = {v.name: v for p in s.listing(rule.body) for v in s.premise_variables(p) if not v.is_anonymous}
    return tuple(variables.values())


def _readings(document: Document) -> dict[tuple[int, str], str]:
    """The readings that a document declares, by section and predicate: the rules there for that predicate belong to them."""
    found: dict[tuple[int, str], str] = {}
    for stated in document.statements:
        if isinstance(stated.node, s.ReadingDeclaration):
            found.setdefault((stated.section, stated.node.atom.predicate), stated.node.name)
    return found


def ground(source: Source, head: s.Atom, symbols: Symbols) -> Iterator[Fact]:
    """The facts that an atom without variables states: one for each part of a collective value."""
    rows: list[Row] = [()]
    for term, argument in zip(head.terms, symbols.predicates[head.predicate].arguments, strict=True):
        value = term.value if isinstance(term, s.Constant) else ANY
        domain = symbols.domains.get(argument.type)
        values: tuple[Value, ...] = (value,)
        if domain is not None and isinstance(value, str):
            values = domain.parts.get(value, values)
        rows = [(*row, each) for row in rows for each in values]
    for row in rows:
        yield Fact(head.relation, row, source.origin)
