"""A checker of proofs that trusts nobody: it shares the parser with the rest of medproof, and nothing else.

Read `statements` (what the documents say), `joins` (when a body holds), `certificate`
(what is absent), `nodes` (each step), in this order.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import networkx as nx

from explain.checker.certificate import certified, read_value
from explain.checker.joins import CannotCheck
from explain.checker.nodes import Checking
from explain.checker.statements import Statements, in_force, read
from explain.refusals import ProofError
from kb.language import syntax as s
from kb.language.documents import Document

__all__ = ["ProofError", "check_present", "verify"]

SCHEMA = "medproof/proof/1"
_ABOUT = ("schema", "case", "payer", "on", "documents", "assumptions", "goals", "cut", "certificate")
"""What a proof says of itself."""
_OF_NETWORKX = ("node_default", "edge_default")
"""What NetworkX adds to a graph that it reads from GraphML."""
OUTSIDE = ("assumption", "command line")
"""Where facts come from that no document states: a proof names them, so that nobody takes them for the chart's."""


def verify(graph: nx.DiGraph[str], documents: Iterable[Document], chart: Document) -> None:
    """Checks a proof against the documents that it rests on; raises ProofError with the first step that fails.

    `documents` are all that there are of policies: those in force for the proof's
    payer and day must be those that it names.
    """
    with _in_form():
        _verify(graph, documents, chart)


def check_present(graph: nx.DiGraph[str], documents: Iterable[Document], chart: Document) -> None:
    """Checks that every document that a proof rests on is here, whatever its text; raises ProofError."""
    with _in_form():
        here = {document.id for document in (*documents, chart)}
        for name in sorted({str(each["id"]) for each in json.loads(graph.graph["documents"])} - here):
            raise ProofError(name, "the proof rests on this document, which is not here; `--policies` says where it stands")


@contextmanager
def _in_form() -> Iterator[None]:
    """Whatever goes wrong because something is no proof is said as that."""
    try:
        yield
    except KeyError as error:
        raise ProofError("proof", f"it is not in the form of a proof: `{error.args[0]}` is not there") from error
    except RecursionError as error:
        raise ProofError("proof", "it is nested too deeply for a proof") from error
    except (TypeError, ValueError, AttributeError, ArithmeticError, CannotCheck) as error:
        raise ProofError("proof", f"it is not in the form of a proof: {error}") from error


def _verify(graph: nx.DiGraph[str], documents: Iterable[Document], chart: Document) -> None:
    about = graph.graph
    _check_form(graph)
    if about["schema"] != SCHEMA:
        raise ProofError("proof", f"its schema is `{about['schema']}`, and this checks {SCHEMA}")
    if about["case"] != chart.meta.case:
        raise ProofError("proof", f"it is about the case `{about['case']}`, and the chart about `{chart.meta.case}`")
    policies, files = _named(graph, documents, chart)
    statements = read(policies, chart, files)
    _assume(statements, json.loads(about["assumptions"]), chart.meta.case)
    wanted = list(_rest_on_completeness(graph, statements))
    models = certified(statements, chart.meta.case, json.loads(about["certificate"]), wanted)
    checking = Checking(graph, statements, models)
    for node in graph.nodes:
        checking.check(node)
    checking.check_support()
    goals = json.loads(about["goals"])
    if not goals:
        raise ProofError("proof", "it is of no goal")
    for goal in goals:
        checking.check_roots(goal["relation"], goal["row"], goal["roots"])


def _check_form(graph: nx.DiGraph[str]) -> None:
    """Nothing stands beside the proof that nobody checks; each node is looked at by itself."""
    told = {*graph.graph, *(name for _, _, data in graph.edges(data=True) for name in data)}
    for name in sorted(told - {*_ABOUT, *_OF_NETWORKX, "role", "position"}, key=str):
        raise ProofError("proof", f"`{name}` is no part of a proof, and nothing checks it")
    on = str(graph.graph["on"])
    if date.fromisoformat(on).isoformat() != on:
        raise ProofError("proof", f"its day is written as `{on}`, and days are YYYY-MM-DD")


def _named(graph: nx.DiGraph[str], documents: Iterable[Document], chart: Document) -> tuple[list[Document], dict[str, str]]:
    """The policies in force, which have to be those that the proof names, and where it says that each document stands.

    A document is known by its id and digest; where the file lies is as the proof tells it.
    """
    about = graph.graph
    documents = list(documents)
    check_present(graph, documents, chart)
    policies = in_force(documents, str(about["payer"]), date.fromisoformat(str(about["on"])))
    claimed = json.loads(about["documents"])
    there = {document.id: document.digest for document in (*policies, chart)}
    named = {str(each["id"]): each["digest"] for each in claimed}
    if len(named) < len(claimed):
        raise ProofError("proof", "it names a document twice")
    for name in sorted(there.keys() | named.keys()):
        if name not in named:
            raise ProofError(name, "this document is in force, and the proof does not rest on it")
        if there.get(name) != named[name]:
            raise ProofError(name, "this document is not what the proof rests on: its text differs, or it is not in force")
    return policies, {str(each["id"]): str(each["file"]) for each in claimed}


def _assume(statements: Statements, assumptions: list[dict[str, Any]], case: str) -> None:
    """Adds the facts that the proof says it assumes beyond the chart: what a chart might state of the case."""
    for each in assumptions:
        relation = str(each["relation"])
        predicate = statements.predicates[relation.removeprefix("-")]
        pairs = list(zip(each["row"], predicate.arguments, strict=True))
        row = tuple(read_value(statements, value, kind) for value, (_, kind) in pairs)
        if not predicate.is_fact or [value for value, (_, kind) in pairs if kind == "case"] != [case]:
            raise ProofError("assumption", f"`{relation}` is assumed, and is nothing that a chart states of the case")
        if each["place"]["document"] not in OUTSIDE or each["place"]["file"] not in OUTSIDE:
            raise ProofError("assumption", f"`{relation}` is assumed, and said to stand in {each['place']['file']}")
        statements.facts.setdefault(relation, {}).setdefault(row, []).append(each["place"])


def _rest_on_completeness(graph: nx.DiGraph[str], statements: Statements) -> Iterator[str]:
    """The relations of which it matters that nothing is missing: those of absences, and inside aggregates."""
    for _, data in graph.nodes(data=True):
        if data.get("kind") == "absence" and str(data["relation"]).removeprefix("-") in statements.predicates:
            yield str(data["relation"])
        rule = statements.rules.get(str(data.get("rule", "")))
        if data.get("cut") and rule is not None:
            yield from (literal.atom.relation for literal in s.literals(rule.body))
        elif data.get("cut") and data.get("kind") == "conclusion":
            yield str(data["relation"])
        for premise in rule.body if rule is not None else ():
            if isinstance(premise, s.Aggregate):
                yield from (literal.atom.relation for literal in s.literals(premise.body))
