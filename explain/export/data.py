"""Determinations as plain data for JSON, in a stated and versioned schema (docs/json.md)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from explain.asking import fact_words
from explain.asks import Ask, OneOf, Wanted, opened
from explain.attempts import Attempt, Step
from explain.criteria import CriterionStatus
from explain.determination import Answer, Determination
from explain.proofs import Proof
from explain.wording import atom_text, words
from kb.language.program import Fact, Origin, Program
from kb.language.values import Mark, Row, Value, number_text

SCHEMA = "medproof/determination/1"


def determination_data(determination: Determination) -> dict[str, Any]:
    """The determination; numbers are texts, so that they stay exact."""
    program = determination.models.program
    return {
        "schema": SCHEMA,
        "case": determination.case,
        "title": determination.title,
        "payer": determination.payer,
        "on": determination.on.isoformat(),
        "notes": list(determination.notes),
        "documents": [meta.full_id for meta in program.documents],
        "answers": [_answer(program, answer) for answer in determination.answers],
    }


def value_data(value: Value) -> str:
    """A value as text: numbers without loss, dates by ISO 8601, `?` and `_` as they are written."""
    if isinstance(value, Mark):
        return value.value
    if isinstance(value, Decimal):
        return number_text(value)
    return value.isoformat() if isinstance(value, date) else value


def atom_data(program: Program, relation: str, row: Row) -> dict[str, Any]:
    """An atom: its text, its words, and its values by argument."""
    arguments = program.predicate(relation).arguments
    return {
        "atom": atom_text(program, relation, row),
        "words": words(program, relation, row),
        "predicate": relation,
        "values": {argument.name: value_data(value) for argument, value in zip(arguments, row, strict=True)},
    }


def _fact(program: Program, fact: Fact) -> dict[str, Any]:
    return {**atom_data(program, fact.relation, fact.row), "origin": origin_data(fact.origin)}


def _answer(program: Program, answer: Answer) -> dict[str, Any]:
    question = answer.question
    return {
        "question": question.text,
        "goal": atom_data(program, question.relation, question.row),
        "verdict": answer.verdict.value,
        "reads": question.reads(answer.verdict),
        "certain": answer.certain,
        "rests_on_silence": [ask_data(program, ask) for ask in answer.silences],
        "hinges_on_statements": [_fact(program, each) for each in answer.statements],
        "hinges_on_old_findings": [_fact(program, each) for each in answer.aged],
        "denied_elsewhere": [_fact(program, each) for each in answer.denials],
        "asks": [ask_data(program, ask) for ask in answer.asks],
        "contradictions": [
            {"kind": each.kind, "rule": each.rule, "atoms": [atom_data(program, *atom) for atom in each.atoms]}
            for each in answer.contradictions
        ],
        "readings": [
            {
                "readings": [
                    {"name": reading.name, "at": reading.locator, "evidence": reading.evidence} for reading in each.readings
                ],
                "verdict": each.verdict.value,
            }
            for each in answer.readings
        ],
        "criteria": [_criterion(program, each) for each in answer.criteria],
        "proof": _proof(program, answer.proof) if answer.proof else None,
        "documents": [
            {
                "id": meta.full_id,
                "effective": str(meta.effective) if meta.effective else None,
                "retired": str(meta.retired) if meta.retired else None,
                "review": meta.review,
            }
            for meta in answer.documents
        ],
        "not_approved": [meta.full_id for meta in answer.unreviewed],
    }


def origin_data(origin: Origin) -> dict[str, Any]:
    """Where a statement stands."""
    return {
        "document": origin.document,
        "file": origin.file,
        "section": origin.section,
        "passage": origin.passage,
        "line": origin.line,
    }


def ask_data(program: Program, ask: Ask) -> list[dict[str, Any]]:
    """The facts of an ask: `words` say what is needed of each value, `one_of` lists values any of which will do."""
    return [_wanted(program, ask, wanted) for wanted in sorted(ask.wanted, key=str)]


def _wanted(program: Program, ask: Ask, wanted: Wanted) -> dict[str, Any]:
    relation, row = wanted
    arguments = program.predicate(relation).arguments
    pairs = zip(arguments, row, strict=True)
    one_of = {argument.name: list(term.values) for argument, term in pairs if isinstance(term, OneOf)}
    said = {**atom_data(program, relation, opened(row)), "words": fact_words(program, ask, wanted)}
    return {**said, "one_of": one_of} if one_of else said


def _criterion(program: Program, status: CriterionStatus) -> dict[str, Any]:
    criterion = status.criterion
    return {
        "id": criterion.id,
        "label": criterion.label,
        "at": criterion.locator,
        "evidence": criterion.evidence,
        "origin": origin_data(criterion.origin),
        "status": status.verdict.value,
        "certain": status.certain,
        "exclusion": status.excludes,
        **atom_data(program, criterion.atom.relation, status.row),
        "by_rule": status.proof.rule if status.proof else None,
        "proof": _proof(program, status.proof) if status.proof else None,
        "asks": [ask_data(program, ask) for ask in status.asks],
        "attempts": [_attempt(program, each) for each in status.attempts],
        "criteria": [_criterion(program, each) for each in status.below],
    }


def _attempt(program: Program, attempt: Attempt) -> dict[str, Any]:
    return {
        "rule": attempt.rule.id,
        "origin": origin_data(attempt.rule.origin),
        "premises": [_step(program, step) for step in attempt.steps],
    }


def _step(program: Program, step: Step) -> dict[str, Any]:
    what = atom_data(program, step.relation, step.row) if step.relation else {"comparison": step.text}
    return {**what, "negated": step.negated, "status": step.status}


def _proof(program: Program, proof: Proof) -> dict[str, Any]:
    node: dict[str, Any] = {"kind": proof.kind}
    if proof.relation:
        node |= atom_data(program, proof.relation, proof.row)
    else:
        node["text"] = proof.text
    if proof.rule:
        node["rule"] = proof.rule
    if proof.origin is not None:
        node["origin"] = origin_data(proof.origin)
    if proof.kind == "absence":
        node["silent"] = proof.silent
    if proof.premises:
        node["premises"] = [_proof(program, premise) for premise in proof.premises]
    return node
