"""Goals asked by hand: any conjunction over a case, answered as a table."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from kb.engines import Engine
from kb.language import syntax as s
from kb.language.blocks import Block
from kb.language.diagnostics import Diagnostic, DocumentErrors
from kb.language.documents import Document, Section, Stated, digest
from kb.language.frontmatter import Meta
from kb.language.names import resolve_premise
from kb.language.parser import parse
from kb.language.program import Fact, Origin, Program, ProgramRule
from kb.language.strata import components, dependencies
from kb.language.symbols import Report, Source, Symbols
from kb.language.types import type_rule
from kb.language.values import Row
from kb.language.variables import check_variables

_ASKED = "asked:goal"


class BadGoal(DocumentErrors):
    """A goal that cannot be asked; its diagnostics point into the goal's text."""


@dataclass(frozen=True, slots=True)
class Table:
    """The answers: a column for each variable, a row for each way in which the goal holds.

    Without variables the goal holds if there is one (empty) row.
    """

    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()
    """What has to be known of the answers: they are those of the record as it stands, by all readings together."""


def ask(program: Program, facts: Iterable[Fact], goal: str, engine: Engine, seconds: float | None = None) -> Table:
    """The answers to a goal in the perfect model; raises BadGoal, EvaluationError."""
    body = resolve_goal(program, goal)
    columns = tuple(name for name in s.body_variables(body) if not name.startswith("_"))
    head = s.Atom(_ASKED, tuple(s.Variable(name) for name in columns))
    rule = ProgramRule(_ASKED, s.Rule(head, body), Origin("goal", "goal", "", "", "", "", 1))
    rules = (*program.rules, rule)
    extended = replace(program, rules=rules, components=components(dependencies(rules)))
    relations: dict[str, set[Row]] = {}
    for fact in (*program.facts, *facts):
        relations.setdefault(fact.relation, set()).add(fact.row)
    model = engine(extended, relations, [_ASKED], seconds)
    return Table(columns, tuple(sorted(model.rows(_ASKED), key=str)))


def resolve_goal(program: Program, goal: str) -> tuple[s.Premise, ...]:
    """The goal's premises, checked as a rule's body is; a variable that occurs once is an output. Raises BadGoal."""
    text = goal.strip().rstrip(".")
    parsed = parse(Block(f"?-\n{text}."))
    if parsed.findings:
        source = _source(text)
        report = Report()
        for finding in parsed.findings:
            report.add_in(source.document, finding)
        raise BadGoal(map(_shifted, report.diagnostics))
    node = parsed.statements[0][0]
    if not isinstance(node, s.Expectation) or node.status != "holds":
        raise BadGoal([Diagnostic("goal", 1, 1, 1, "syntax", "this is not a goal", "write literals with `,` between")])
    source, report = _source(text), Report()
    body = resolve_body(program, node.body, source, report)
    if report.found:
        raise BadGoal(map(_shifted, report.diagnostics))
    return body


def resolve_body(program: Program, body: tuple[s.Premise, ...], source: Source, report: Report) -> tuple[s.Premise, ...]:
    """Premises that somebody asks, checked against a program; a payer's own predicates go by their short names.

    `source` is where they stand; what is wrong with them goes to the report.
    """
    before = len(report.found)
    symbols = Symbols(dict(program.domains), dict(program.by_local_name))
    resolved = tuple(resolve_premise(source, premise, symbols, report) for premise in body)
    rule = type_rule(source, s.Rule(None, resolved), symbols, report)
    if len(report.found) == before:
        places = {v.name: v for premise in reversed(rule.body) for v in s.premise_variables(premise)}
        outputs = tuple(places[name] for name in s.body_variables(rule.body) if not name.startswith("_"))
        twice = s.Rule(s.Atom(_ASKED, outputs + outputs), rule.body)
        check_variables(source, twice, frozenset(), report)
    return rule.body


def _source(text: str) -> Source:
    lines = ("?-", *f"{text}.".split("\n"))
    document = Document("goal", digest(text), Meta(id="goal"), (Section("", "top", ()),), (), lines=lines)
    return Source(document, Stated(s.Rule(None, ()), 0, ""))


def _shifted(diagnostic: Diagnostic) -> Diagnostic:
    """The place in the text that the user wrote, without the `?-` put before it."""
    line = diagnostic.source_line.removesuffix(".")
    is_declared = "declare it" not in diagnostic.hint
    hint = diagnostic.hint if is_declared else "`medproof vocabulary` lists what a chart states, the policies what follows"
    return replace(diagnostic, line=max(1, diagnostic.line - 1), source_line=line, hint=hint)
