"""The criteria that a question stands under, each with its status."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from explain.asks import Ask
from explain.attempts import Attempt, attempts
from explain.denials import undenied_proof
from explain.missing import minimal_asks
from explain.proofs import Proof, is_certain
from explain.questions import Question
from explain.verdicts import Verdict, verdict
from explain.wording import words
from kb.engines.model import ground_row
from kb.language import syntax as s
from kb.language.program import Criterion, Program, ProgramRule
from kb.language.values import Row
from kb.models import Models


@dataclass(frozen=True, slots=True)
class Branch:
    """A criterion with those that it rests on; `excludes` when its being met speaks against the goal."""

    criterion: Criterion
    excludes: bool
    below: tuple[Branch, ...]


@dataclass(frozen=True, slots=True)
class CriterionStatus:
    """How a criterion stands in a case.

    When met: the cheapest proof, and whether it holds however the silences turn out.
    When undocumented: what to ask for. Whenever not met: how far each rule gets.
    """

    criterion: Criterion
    row: Row
    excludes: bool
    verdict: Verdict
    certain: bool
    proof: Proof | None
    asks: tuple[Ask, ...]
    attempts: tuple[Attempt, ...]
    below: tuple[CriterionStatus, ...]


def branches(program: Program, rules: Iterable[ProgramRule]) -> tuple[Branch, ...]:
    """The criteria that the rules rest on, in the order of their premises, nested as they rest on one another."""
    by_relation: dict[str, list[Criterion]] = {}
    for criterion in program.criteria:
        by_relation.setdefault(criterion.atom.relation, []).append(criterion)
    return tuple(_branches(program, rules, by_relation, frozenset(), False, {}))


def _branches(
    program: Program,
    rules: Iterable[ProgramRule],
    by_relation: dict[str, list[Criterion]],
    above: frozenset[str],
    excludes: bool,
    seen: dict[str, None],
) -> list[Branch]:
    found: list[Branch] = []
    for rule in rules:
        for relation, negated in _uses(rule.rule.body):
            if relation in above or relation in seen:
                continue
            seen[relation] = None
            polarity = excludes != negated
            deeper = program.rules_for.get(relation, ())
            criteria = by_relation.get(relation, [])
            inner = _branches(program, deeper, by_relation, above | {relation}, polarity, {} if criteria else seen)
            below = () if polarity else tuple(inner)
            found += [Branch(criterion, polarity, below) for criterion in criteria] if criteria else inner
    return found


def _uses(body: Iterable[s.Premise]) -> Iterable[tuple[str, bool]]:
    for premise in body:
        if isinstance(premise, s.Literal):
            yield premise.atom.relation, premise.negated
        elif isinstance(premise, s.Aggregate):
            yield from _uses(premise.body)


def status(models: Models, question: Question, branch: Branch, whole: bool, asking: bool) -> CriterionStatus:
    """The status of a criterion for a question: its variables are those of the goal with the same name.

    Beneath a criterion that is met, only those that its proof uses are looked at, unless `whole`.
    Unless `asking`, it is without what to ask for.
    """
    criterion = branch.criterion
    relation, row = criterion.atom.relation, ground_row(criterion.atom.terms, question.binding)
    found = verdict(models, relation, row)
    is_met = found is Verdict.MET
    proof = undenied_proof(models, relation, row) if is_met else None
    used = {node.relation for node in proof.walk()} if proof is not None else set()
    below = [each for each in branch.below if whole or not used or each.criterion.atom.relation in used]
    return CriterionStatus(
        criterion,
        row,
        branch.excludes,
        found,
        is_certain(models, relation, row, proof),
        proof,
        minimal_asks(models, relation, row) if asking and found is Verdict.UNDOCUMENTED else (),
        () if is_met else attempts(models, relation, row),
        tuple(status(models, question, each, whole, asking) for each in below),
    )


def way(models: Models, of: CriterionStatus) -> str:
    """In words, the way in which a criterion is met, where its rules offer several: so a waiver reads as a waiver."""
    program = models.program
    if of.proof is None:
        return ""
    rules = (program.rule_by_id.get(node.rule) for node in of.proof.walk())
    readings = {rule.reading: None for rule in rules if rule is not None and rule.reading}
    if readings:
        return f" (by the reading “{'”, “'.join(readings)}”)"
    if len(program.rules_for.get(of.proof.relation, ())) < 2:
        return ""
    named = {*models.same, *(criterion.atom.relation for criterion in program.criteria)}
    # The way is what the rule asks of the record, if that is one thing.
    ways = [node for node in of.proof.premises if node.relation and node.relation not in models.same]
    if len(ways) != 1 or ways[0].kind != "conclusion" or ways[0].relation in named:
        return ""
    return f": {words(program, ways[0].relation, ways[0].row)}"


_MARKS = {
    Verdict.MET: "✓ met",
    Verdict.REFUTED: "✗ not met",
    Verdict.UNDOCUMENTED: "? no record",
    Verdict.CONFLICTING: "! conflict",
}
_EXCLUSION_MARKS = {**_MARKS, Verdict.MET: "✗ applies", Verdict.REFUTED: "✓ does not apply"}
_OPPOSITE = {Verdict.MET: Verdict.REFUTED, Verdict.REFUTED: Verdict.MET}


def criterion_mark(of: CriterionStatus) -> str:
    """How a criterion stands, in a mark and a word or two."""
    return (_EXCLUSION_MARKS if of.excludes else _MARKS)[of.verdict]


def speaks(of: CriterionStatus) -> Verdict:
    """What a criterion says of the request: the verdict on it; of an exclusion on what it wants to be absent."""
    return _OPPOSITE.get(of.verdict, of.verdict) if of.excludes else of.verdict


def criterion_words(models: Models, of: CriterionStatus) -> str:
    """A criterion as it reads in the case: the way in which it is met, and whether that rests on silence."""
    silent = " (on silence)" if of.verdict is Verdict.MET and not of.certain else ""
    return f"{words(models.program, of.criterion.atom.relation, of.row)}{way(models, of)}{silent}"


def criteria_beneath(program: Program, rules: Iterable[ProgramRule]) -> tuple[Criterion, ...]:
    """The criteria that rules rest on, those beneath others among them."""
    return tuple(_flat(branches(program, rules)))


def _flat(found: Iterable[Branch]) -> Iterator[Criterion]:
    for branch in found:
        yield branch.criterion
        yield from _flat(branch.below)
