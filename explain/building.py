"""Grows a proof graph from the models of a case: what holds by its derivations, what does not by why not."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import networkx as nx

from explain.attempts import Attempt, Step, attempts
from explain.graph import Asked, ProofGraph, place_data, row_text, rule_words, substitution_text
from explain.proofs import Choice, atoms_of, cheapest_choice, shown_of
from explain.refusals import ProofError
from explain.solutions import aggregate_of, counted
from explain.standing import Same, same_positions, speaking_facts, standing
from explain.wording import aggregate_words, atom_text, comparison_words, words
from kb.contradictions import AtomKey
from kb.engines.model import Instance, demanded, ground_row
from kb.language import syntax as s
from kb.language.printer import premise_text
from kb.language.program import Program, ProgramRule
from kb.language.values import Row, Value, value_text
from kb.models import Models

MISSES_SHOWN = 3
"""How many ways in which a rule fails are shown of each."""

_Key = tuple[Any, ...]


def proof_graph(models: Models, goals: Iterable[AtomKey], choice: Choice | None = None, limit: int = 20_000) -> ProofGraph:
    """Why the atoms of some patterns hold: all derivations, or with a `choice` the one chosen of each atom.

    Where no atom of a pattern holds, why not. At most about `limit` nodes.
    """
    building, asked = _Building(models, None if choice is None else dict(choice), limit), list[Asked]()
    for relation, row in goals:
        pattern = shown_of(models, relation, row)
        atoms = atoms_of(models, relation, pattern)
        if choice is not None:
            atoms = [atom for atom in atoms if atom in choice or models.is_stated(*atom)] or atoms
        roots = [building.atom(atom) for atom in atoms] or [building.absence(relation, pattern)]
        asked.append(Asked(relation, pattern, tuple(roots), row))
    building.grow()
    behind = {node: (key[1], key[2]) for key, node in building.ids.items() if key[0] in ("atom", "stated", "absence")}
    return ProofGraph(building.graph, tuple(asked), behind, building.cut)


@dataclass
class _Building:
    models: Models
    choice: Choice | None
    limit: int
    graph: nx.DiGraph[str] = field(default_factory=nx.DiGraph)
    ids: dict[_Key, str] = field(default_factory=dict)
    pending: deque[tuple[str, Any]] = field(default_factory=deque)
    cut: int = 0

    @property
    def program(self) -> Program:
        return self.models.program

    def grow(self) -> None:
        """Adds what each node rests on, level by level, until nothing is missing or the limit is reached."""
        while self.pending:
            node, about = self.pending.popleft()
            if len(self.graph) >= self.limit:
                self.cut += 1
                self.graph.nodes[node]["cut"] = 1
            elif isinstance(about, Instance):
                self._premises(node, about)
            elif isinstance(about, Attempt):
                self._steps(node, about)
            elif self.graph.nodes[node]["kind"] == "absence":
                self._misses(node, *about)
            else:
                self._derivations(node, about)

    # Nodes: each is made once, and looked into later

    def atom(self, atom: AtomKey) -> str:
        """The node of an atom that holds."""
        relation, row = atom
        is_derived = self._is_derived(atom)
        attributes = self._about(relation, row) | {"kind": "conclusion" if is_derived else "fact"}
        if not is_derived:
            attributes |= place_data(self.models.stated[relation][row].origin)
        elif (criterion := self.program.criterion_of.get(relation)) is not None:
            attributes |= {"criterion": criterion.id, "locator": criterion.locator, "evidence": criterion.evidence}
        return self._node(("atom", *atom), attributes, atom if is_derived else None)

    def _is_derived(self, atom: AtomKey) -> bool:
        if not self.models.is_stated(*atom):
            return True
        return self.choice is None and bool(self.models.perfect.derivations(*atom))

    def stated(self, atom: AtomKey) -> str:
        """The node of a statement: an atom that rules conclude as well has it beside their instances."""
        if not self._is_derived(atom):
            return self.atom(atom)
        place = place_data(self.models.stated[atom[0]][atom[1]].origin)
        return self._node(("stated", *atom), self._about(*atom) | {"kind": "fact"} | place)

    def absence(self, relation: str, pattern: Row, same: Same = ()) -> str:
        """The node of a pattern that no atom fits."""
        attributes = self._about(relation, pattern) | {"kind": "absence"}
        attributes["standing"] = standing(self.models, relation, pattern, same)
        if same:
            attributes["same"] = json.dumps(same)
        return self._node(("absence", relation, pattern, same), attributes, (relation, pattern))

    def _about(self, relation: str, row: Row) -> dict[str, Any]:
        return {
            "relation": relation,
            "row": row_text(row),
            "atom": atom_text(self.program, relation, row),
            "words": words(self.program, relation, row),
            "member": words(self.program, relation, row, "member") if self._has_member_words(relation) else "",
        }

    def _has_member_words(self, relation: str) -> bool:
        wordings = self.program.predicate(relation).wordings
        return ("absent" if relation.startswith("-") else "member") in wordings

    def _node(self, key: _Key, attributes: dict[str, Any], about: Any = None) -> str:
        known = self.ids.get(key)
        if known is None:
            known = self.ids[key] = f"n{len(self.ids)}"
            self.graph.add_node(known, **attributes)
            if about is not None:
                self.pending.append((known, about))
        return known

    def _rule(self, kind: str, rule: ProgramRule, values: Mapping[str, Value], about: Instance | Attempt) -> str:
        attributes = {"kind": kind, "rule": rule.id, "substitution": substitution_text(values), **place_data(rule.origin)}
        attributes["words"] = rule_words(rule)
        criterion = self.program.criterion_of.get(rule.head.relation)
        if criterion is not None and criterion.origin.anchor == rule.origin.anchor:
            attributes |= {"locator": criterion.locator, "evidence": criterion.evidence}
        if rule.reading and (reading := self.program.reading_named.get(rule.reading)) is not None:
            attributes |= {"reading": reading.name, "locator": reading.locator, "evidence": reading.evidence}
        return self._node((kind, rule.id, attributes["substitution"]), attributes, about)

    def _edge(self, source: str, target: str, role: str, **more: Any) -> None:
        if not self.graph.has_edge(source, target):
            self.graph.add_edge(source, target, role=role, position=self.graph.out_degree(source), **more)
        elif role == "fails":
            # What one premise asks for and another one forbids: that it fails says more.
            self.graph.edges[source, target]["role"] = role

    # What each kind rests on

    def _derivations(self, node: str, atom: AtomKey) -> None:
        if self.choice is not None:
            derivations: Iterable[Instance] = [self._chosen(self.choice, atom)]
        else:
            derivations = self.models.perfect.derivations(*atom)
            if self.models.is_stated(*atom):
                self._edge(node, self.stated(atom), "any")
        for instance in derivations:
            self._edge(node, self._rule("rule", instance.rule, instance.binding, instance), "any")

    def _chosen(self, choice: Choice, atom: AtomKey) -> Instance:
        """The derivation chosen of an atom; what a refutation mentions in passing is chosen when it comes up."""
        if atom not in choice:
            found = cheapest_choice(self.models, [atom])
            assert found is not None, "an atom that holds has a proof"
            for each, instance in found.choice.items():
                choice.setdefault(each, instance)
        return choice[atom]

    def _premises(self, node: str, instance: Instance) -> None:
        for premise in instance.rule.rule.body:
            for other in self._premise(node, premise, instance.binding):
                self._edge(node, other, "all")

    def _premise(self, node: str, premise: s.Premise, binding: Mapping[str, Value], holds: bool = True) -> Iterator[str]:
        """The nodes that show a premise to hold, or with `holds` false, to fail."""
        if isinstance(premise, s.Literal):
            relation, row = premise.atom.relation, ground_row(premise.atom.terms, binding)
            if premise.negated == holds:
                sought = () if holds else same_positions(premise.atom, binding)
                yield self.absence(relation, row if holds else demanded(premise.atom, binding), sought)
            else:
                # A variable that the rule does not bind is any value: one atom shows it.
                atoms = atoms_of(self.models, relation, row)
                if not atoms:
                    why = "an instance of a rule rests on it, and none of it holds"
                    raise ProofError(relation, f"{why}; a cohort with that on record is damaged: decide it again")
                yield self.atom(atoms[0])
        elif isinstance(premise, s.Comparison):
            text = {"words": comparison_words(premise, binding, holds), "atom": premise_text(premise, binding)}
            yield self._node(("comparison", node, premise_text(premise)), {"kind": "comparison", "holds": int(holds)} | text)
        else:
            yield self._aggregate(node, premise, dict(binding), holds)

    def _aggregate(self, node: str, premise: s.Aggregate, binding: dict[str, Value], holds: bool) -> str:
        value = aggregate_of(self.models, premise, binding)
        attributes = {
            "kind": "aggregate",
            "holds": int(holds),
            "words": aggregate_words(premise, binding, value, holds),
            "atom": premise_text(premise, binding),
            "value": "" if value is None else value_text(value),
        }
        made = self._node(("aggregate", node, premise_text(premise)), attributes)
        for atom in counted(self.models, premise, binding):
            self._edge(made, self.atom(atom), "counts")
        return made

    def _misses(self, node: str, relation: str, pattern: Row) -> None:
        """What the record says on the subject instead, and how near each rule comes."""
        for fact in speaking_facts(self.models, relation, pattern):
            self._edge(node, self.stated(fact), "instead")
        for attempt in attempts(self.models, relation, pattern, MISSES_SHOWN):
            self._edge(node, self._rule("attempt", attempt.rule, attempt.binding, attempt), "miss")

    def _steps(self, node: str, attempt: Attempt) -> None:
        is_past = False
        for step in attempt.steps:
            holds = step.status == "holds"
            if not holds and is_past and not _adds(step):
                continue
            is_past = is_past or not holds
            for other in self._premise(node, step.premise, attempt.binding, holds):
                self._edge(node, other, "all" if holds else "fails")


def _adds(step: Step) -> bool:
    """Whether a premise after the first that fails is worth showing: it fails by itself."""
    return step.status != "not reached"
