"""The nodes of a proof, each checked against the documents and against what it rests on."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

import networkx as nx

from explain.checker import joins
from explain.checker.certificate import Certified, Same, read_value, unify
from explain.checker.statements import Rule, Statements
from explain.checker.wording import aggregate_sentence, comparison_sentence, premise_source, sentence, source
from explain.refusals import ProofError
from kb.language import syntax as s
from kb.language.values import ANY, UNKNOWN, Row

POSITIVE = ("conclusion", "fact")
CUTTABLE = ("conclusion", "rule", "absence", "attempt")
"""The kinds that a large proof may leave unexpanded."""


@dataclass(frozen=True)
class Checking:
    """A proof with what it is checked against."""

    graph: nx.DiGraph[str]
    statements: Statements
    certified: Certified
    _atoms: dict[str, tuple[str, Row]] = field(default_factory=dict)
    """Those that were read: a node is looked at from each side of its edges."""

    # What every node says

    def check(self, node: str) -> None:
        """Raises ProofError if anything that the node says is not so."""
        data = self.graph.nodes[node]
        checks = {
            "fact": self._fact, "conclusion": self._conclusion, "rule": self._rule, "attempt": self._attempt,
            "absence": self._absence, "comparison": self._inner, "aggregate": self._inner,
        }  # fmt: skip
        if data.get("kind") not in checks:
            raise ProofError(node, f"there is no kind `{data.get('kind')}`")
        if data.get("cut") and (list(self.graph.adj[node]) or data["kind"] not in CUTTABLE):
            raise ProofError(node, "it is said not to be looked into, and yet something stands beneath it")
        checks[data["kind"]](node, data)

    def _says(self, node: str, wanted: Mapping[str, Any]) -> None:
        """The node's attributes are these and no others (`cut` may be there)."""
        data = {key: value for key, value in self.graph.nodes[node].items() if key != "cut" or value != 1}
        for key in sorted({*data, *wanted}):
            if data.get(key) != wanted.get(key):
                raise ProofError(node, f"`{key}` should be {wanted.get(key)!r}, and is {data.get(key)!r}")

    def _atom(self, node: str) -> tuple[str, Row]:
        found = self._atoms.get(node)
        if found is None:
            found = self._atoms[node] = self._read_atom(node)
        return found

    def _read_atom(self, node: str) -> tuple[str, Row]:
        data = self.graph.nodes[node]
        relation = str(data.get("relation"))
        predicate = self.statements.predicates.get(relation.removeprefix("-"))
        if predicate is None:
            raise ProofError(node, f"no document declares `{relation}`")
        values = _json(node, data.get("row"), list)
        if len(values) != len(predicate.arguments):
            raise ProofError(node, f"`{relation}` has {len(predicate.arguments)} arguments")
        pairs = zip(values, predicate.arguments, strict=True)
        return relation, tuple(read_value(self.statements, value, kind) for value, (_, kind) in pairs)

    def _about(self, node: str, relation: str, row: Row) -> dict[str, Any]:
        wordings = self.statements.predicates[relation.removeprefix("-")].wordings
        has_member_words = ("absent" if relation.startswith("-") else "member") in wordings
        return {
            "relation": relation,
            "row": self.graph.nodes[node]["row"],
            "atom": source(self.statements, relation, row),
            "words": sentence(self.statements, relation, row),
            "member": sentence(self.statements, relation, row, "member") if has_member_words else "",
        }

    # Kinds

    def _fact(self, node: str, data: Mapping[str, Any]) -> None:
        relation, row = self._atom(node)
        about = self._about(node, relation, row) | {"kind": "fact"}
        places = self.statements.facts.get(relation, {}).get(row, [])
        if not places:
            raise ProofError(node, "no document states this")
        fitting = next((place for place in places if place["line"] == data.get("line")), places[0])
        self._says(node, about | dict(fitting))
        if list(self.graph.adj[node]):
            raise ProofError(node, "a fact rests on nothing")

    def _conclusion(self, node: str, data: Mapping[str, Any]) -> None:
        relation, row = self._atom(node)
        wanted = self._about(node, relation, row) | {"kind": "conclusion"}
        if relation in self.statements.criteria:
            criterion, _ = self.statements.criteria[relation]
            wanted |= {"criterion": criterion.id, **_criterion(criterion.wordings)}
        self._says(node, wanted)
        below = list(self.graph.adj[node])
        if not self.certified.has(relation, row) if data.get("cut") else not below:
            raise ProofError(node, "nothing derives this conclusion")
        for other in below:
            self._has_role(node, other, ("any",))
            if self.graph.nodes[other]["kind"] == "fact":
                if self._atom(other) != (relation, row):
                    raise ProofError(other, "this states something else than the conclusion above it")
            elif self.graph.nodes[other]["kind"] != "rule" or self._head(other) != (relation, row):
                raise ProofError(other, "this rule instance does not conclude what stands above it")

    def _head(self, node: str) -> tuple[str, Row]:
        rule, binding = self._instance(node)
        return rule.head.relation, joins.pattern_of(rule.head, binding)

    def _instance(self, node: str) -> tuple[Rule, joins.Binding]:
        data = self.graph.nodes[node]
        rule = self.statements.rules.get(str(data.get("rule")))
        if rule is None:
            raise ProofError(node, f"no document has the rule {data.get('rule')}")
        values = _json(node, data.get("substitution"), dict)
        for name, value in values.items():
            if value is False or (value is None and not name.startswith("_")):
                raise ProofError(node, f"its substitution leaves `{name}` open")
        return rule, {name: read_value(self.statements, value, rule.types.get(name, "")) for name, value in values.items()}

    def _says_rule(self, node: str, rule: Rule, kind: str) -> None:
        place = rule.place
        reading = self.statements.readings.get(rule.reading)
        section = f", {place['section']}" if place["section"] else ""
        named = f", in the reading “{rule.reading}”" if rule.reading else ""
        wanted: dict[str, Any] = {
            "kind": kind, "rule": rule.id, "substitution": self.graph.nodes[node].get("substitution"),
            "words": f"{place['title']}{section}{named}", **place,
        }  # fmt: skip
        if rule.head.relation in self.statements.criteria:
            criterion, stands = self.statements.criteria[rule.head.relation]
            if (stands["document"], stands["section"]) == (place["document"], place["section"]):
                wanted |= _criterion(criterion.wordings)
        if reading is not None:
            wanted |= {"reading": reading.name, **_criterion(reading.wordings)}
        self._says(node, wanted)

    def _rule(self, node: str, data: Mapping[str, Any]) -> None:
        rule, binding = self._instance(node)
        self._says_rule(node, rule, "rule")
        names = set(s.body_variables(rule.body))
        if set(binding) != names:
            raise ProofError(node, f"an instance gives values to {', '.join(sorted(names))}")
        if not data.get("cut"):
            self._premises(node, rule, rule.body, binding, complete=True)
        elif not any(binding.items() <= each.items() for each in self._holding(rule, binding)):
            raise ProofError(node, "cut short here, and yet this is no instance of the rule")

    def _holding(self, rule: Rule, binding: joins.Binding) -> Iterator[joins.Binding]:
        """The ways in which the rule's body holds under a binding, of what is not shown step by step."""
        known = {name: value for name, value in binding.items() if value is not UNKNOWN}
        for each in joins.solutions(self.certified.perfect, rule, rule.body, known):
            yield {name: each.get(name, value) for name, value in binding.items()}

    def _attempt(self, node: str, data: Mapping[str, Any]) -> None:
        rule, binding = self._instance(node)
        self._says_rule(node, rule, "attempt")
        if data.get("cut"):
            return
        given = {name for above in self.graph.pred[node] for name in self._asked_of(above, rule)}
        bound = given | {v.name for premise in rule.body if self._is_shown_below(node, rule, premise, binding)
                         for v in s.premise_variables(premise)}  # fmt: skip
        if loose := sorted(set(binding) - bound):
            raise ProofError(node, f"nothing gives `{loose[0]}` its value")
        self._premises(node, rule, rule.body, binding, complete=False)
        if not any(edge["role"] == "fails" for edge in self.graph.adj[node].values()):
            raise ProofError(node, "an attempt has a premise that fails")

    def _asked_of(self, above: str, rule: Rule) -> Iterable[str]:
        """The variables of a rule's head that an absence above gives values."""
        if self.graph.nodes[above]["kind"] != "absence":
            return ()
        return unify(self.statements, rule.head, self._atom(above)[1]) or {}

    def _is_shown_below(self, node: str, rule: Rule, premise: s.Premise, binding: joins.Binding) -> bool:
        """Whether a literal, or what binds a value, is shown to hold beneath an attempt.

        (An atom that one premise asks for and another forbids has one edge, which says that it fails.)
        """
        shown = (o for o in self.graph.adj[node] if isinstance(premise, s.Literal) or self.graph.nodes[o].get("holds"))
        return any(self._shows(other, rule, premise, binding, holds=True) for other in shown)

    def _premises(self, node: str, rule: Rule, body: Iterable[s.Premise], binding: joins.Binding, complete: bool) -> None:
        """Each node below is one of the premises, holding or failing as its edge says; `complete`: each premise is there."""
        pending = list(self.graph.adj[node])
        met: set[int] = set()
        for other in pending:
            self._has_role(node, other, ("all",) if complete else ("all", "fails"))
            holds = self.graph.adj[node][other]["role"] == "all"
            fitting = [i for i, premise in enumerate(body) if self._shows(other, rule, premise, binding, holds)]
            if not fitting:
                raise ProofError(other, f"this is no premise of the rule {rule.id} under its substitution")
            met.update(fitting)
        if complete and len(met) < len(list(body)):
            missing = next(premise for i, premise in enumerate(body) if i not in met)
            raise ProofError(node, f"the premise `{premise_source(missing, binding)}` is not shown")

    def _shows(self, other: str, rule: Rule, premise: s.Premise, binding: joins.Binding, holds: bool) -> bool:
        """Whether a node shows the premise to hold, or to fail."""
        data = self.graph.nodes[other]
        if isinstance(premise, s.Literal):
            pattern = joins.pattern_of(premise.atom, binding)
            if premise.negated == holds:
                wanted = pattern if premise.negated else joins.demand_of(premise.atom, binding)
                same = () if premise.negated else joins.same_of(premise.atom, binding)
                is_that = data["kind"] == "absence" and self._same(other) == same
                return is_that and self._atom(other) == (premise.atom.relation, wanted)
            if data["kind"] not in POSITIVE or data.get("relation") != premise.atom.relation:
                return False
            row = self._atom(other)[1]
            return _is_of(row, pattern)
        kind = "comparison" if isinstance(premise, s.Comparison) else "aggregate"
        if data["kind"] != kind or data.get("atom") != premise_source(premise, binding):
            return False
        return self._recomputed(other, rule, premise, binding, holds)

    def _recomputed(
        self, node: str, rule: Rule, premise: s.Comparison | s.Aggregate, binding: joins.Binding, holds: bool
    ) -> bool:
        sides, statements = self.certified.perfect, self.statements
        found = next(joins.satisfied(sides, rule, premise, rule.body, dict(binding)), None)
        wanted: dict[str, Any] = {"holds": int(holds), "atom": self.graph.nodes[node]["atom"]}
        if (found is not None) != holds:
            raise ProofError(node, "recomputed, this comes out the other way")
        if isinstance(premise, s.Comparison):
            words = comparison_sentence(premise, binding, holds)
            if self.graph.nodes[node].get("words") != words and _reads_alike(premise, rule, binding):
                return False
            self._says(node, wanted | {"kind": "comparison", "words": words})
            return True
        inner = joins.shared(premise, rule.body, binding)
        value = joins.value_of(statements, rule, premise, joins.elements(sides, rule, premise, rule.body, inner))
        words = aggregate_sentence(premise, binding, value, holds)
        self._says(node, wanted | {"kind": "aggregate", "words": words, "value": _text(value)})
        self._check_counted(node, rule, premise, inner)
        return True

    def _check_counted(self, node: str, rule: Rule, premise: s.Aggregate, binding: joins.Binding) -> None:
        wanted: set[tuple[str, Row]] = set()
        for each in joins.solutions(self.certified.perfect, rule, premise.body, binding, [*premise.body, *rule.body]):
            for inner in premise.body:
                if isinstance(inner, s.Literal) and not inner.negated:
                    relation, pattern = inner.atom.relation, joins.pattern_of(inner.atom, each)
                    rows = self.certified.perfect.upper.rows.get(relation, set())
                    wanted |= {(relation, row) for row in rows if _is_of(row, pattern)}
        shown = {self._atom(other) for other in self.graph.adj[node]}
        if shown != wanted and not self.graph.nodes[node].get("cut"):
            raise ProofError(node, f"it counts {len(wanted)} atoms, and {len(shown)} are shown")

    def _absence(self, node: str, data: Mapping[str, Any]) -> None:
        (relation, row), same = self._atom(node), self._same(node)
        wanted = self._about(node, relation, row) | {"kind": "absence"}
        wanted["standing"] = self.certified.standing(relation, row, same)
        self._says(node, wanted | ({"same": json.dumps(same)} if same else {}))
        if self.certified.has(relation, row, same):
            raise ProofError(node, "this is not absent: an atom of it holds")
        for other in self.graph.adj[node]:
            self._has_role(node, other, ("instead", "miss"))
            kind = self.graph.nodes[other]["kind"]
            if kind == "fact":
                if not self._speaks_of(other, relation, row):
                    raise ProofError(other, "this speaks of something else than what is absent")
            elif kind != "attempt":
                raise ProofError(other, "an absence rests on what the record says instead, and on rules that fail")
            else:
                rule, binding = self._instance(other)
                start = unify(self.statements, rule.head, row)
                if rule.head.relation != relation or start is None or any(binding.get(n) != v for n, v in start.items()):
                    raise ProofError(other, "this rule would not conclude what is absent")
        if not data.get("cut"):
            self._check_misses(node, relation, row)

    def _check_misses(self, node: str, relation: str, row: Row) -> None:
        """Of each rule that would conclude what is absent, it is shown how it fails; with `same` it may hold otherwise."""
        told = {self.graph.nodes[other].get("rule") for other in self.graph.adj[node]}
        for rule in self.statements.rules_for.get(relation, ()):
            start = unify(self.statements, rule.head, row) if rule.id not in told else None
            if start is not None and not any(joins.solutions(self.certified.perfect, rule, rule.body, start, rule.body)):
                raise ProofError(node, f"it is not shown how the rule {rule.id} fails")

    def _speaks_of(self, fact: str, relation: str, row: Row) -> bool:
        """Whether a fact is on the subject of a pattern of its predicate."""
        other, said = self._atom(fact)
        predicate = self.statements.predicates[relation.removeprefix("-")]
        marks = (ANY, UNKNOWN)
        return other.removeprefix("-") == predicate.name and all(
            said[i] == row[i] or said[i] in marks or row[i] in marks for i in predicate.about
        )

    def _same(self, node: str) -> Same:
        """The positions that an absence wants the same, each group of two or more."""
        text = self.graph.nodes[node].get("same")
        if text is None:
            return ()
        arity, groups = len(self._atom(node)[1]), _json(node, text, list)
        for each in groups:
            if len(set(each)) < 2 or len(set(each)) != len(each) or not set(each) <= set(range(arity)):
                raise ProofError(node, "`same` names positions of arguments")
        return tuple(tuple(each) for each in groups)

    def _inner(self, node: str, data: Mapping[str, Any]) -> None:
        """A comparison or an aggregate is checked with the rule above it, so there must be one."""
        above = list(self.graph.pred[node])
        if len(above) != 1 or self.graph.nodes[above[0]]["kind"] not in ("rule", "attempt"):
            raise ProofError(node, f"a {data['kind']} stands below one rule")
        if data["kind"] == "aggregate":
            for other in self.graph.adj[node]:
                self._has_role(node, other, ("counts",))

    def _has_role(self, node: str, other: str, roles: tuple[str, ...]) -> None:
        edge = self.graph.adj[node][other]
        if edge.get("role") not in roles:
            raise ProofError(other, f"the edge to it says `{edge.get('role')}`, which is none of {', '.join(roles)}")

    def check_roots(self, relation: str, values: list[Any], roots: list[str]) -> None:
        """The nodes that a goal starts from are of that goal."""
        arguments = self.statements.predicates[relation.removeprefix("-")].arguments
        pairs = zip(values, arguments, strict=True)
        pattern = tuple(read_value(self.statements, value, kind) for value, (_, kind) in pairs)
        kinds = {root: self.graph.nodes[root]["kind"] for root in roots if root in self.graph}
        for root in roots:
            if root not in kinds:
                raise ProofError(root, "the proof starts from this node, and has none such")
        if not kinds or not set(kinds.values()) <= {*POSITIVE, "absence"}:
            raise ProofError("proof", "a goal starts from conclusions, facts or an absence")
        for root, kind in kinds.items():
            found = self._atom(root)
            is_absent = kind == "absence"
            is_it = found == (relation, pattern) and not self._same(root) if is_absent else found[0] == relation
            if not is_it or not _is_of(found[1], pattern):
                raise ProofError(root, "this is not what was asked for")

    def check_support(self) -> None:
        """No conclusion rests on itself alone (raises ProofError).

        Dowling and Gallier's (1984) counters: each node waits for as many of those below
        it as it needs, a conclusion for one of them.
        """
        waiting = {node: self._needed(node) for node in self.graph}
        ready = [node for node, number in waiting.items() if not number]
        while ready:
            for above in self.graph.pred[ready.pop()]:
                waiting[above] -= 1
                if not waiting[above]:
                    ready.append(above)
        circular = [node for node, number in waiting.items() if number > 0]
        if circular:
            raise ProofError(circular[0], "this rests on itself")

    def _needed(self, node: str) -> int:
        kind = self.graph.nodes[node]["kind"]
        if kind == "conclusion":
            # What is cut short was looked up in the certified model.
            return 0 if self.graph.nodes[node].get("cut") else 1
        return self.graph.out_degree(node) if kind in ("rule", "aggregate") else 0


def _is_of(row: Row, pattern: Row) -> bool:
    return all(ANY in pair or pair[0] == pair[1] for pair in zip(row, pattern, strict=True))


def _reads_alike(premise: s.Comparison, rule: Rule, binding: joins.Binding) -> bool:
    """Whether another comparison of the rule comes to the same text, as `A != low` and `B != low` do where both are high."""
    text = premise_source(premise, binding)
    others = (each for each in rule.body if isinstance(each, s.Comparison) and each is not premise)
    return any(premise_source(each, binding) == text for each in others)


def _criterion(wordings: Iterable[s.Wording]) -> dict[str, str]:
    texts = {each.label: each.text for each in wordings}
    return {"locator": texts.get("at", ""), "evidence": texts.get("evidence", "")}


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, Decimal):
        text = format(value, "f")
        return re.sub(r"\.?0+$", "", text) if "." in text else text
    return value.isoformat() if isinstance(value, date) else str(value)


_encoded = json.JSONEncoder(ensure_ascii=False).encode


def _json(node: str, text: Any, kind: type[Any]) -> Any:
    try:
        value = json.loads(str(text))
    except ValueError as error:
        raise ProofError(node, f"`{text}` is not what it should be") from error
    if not isinstance(value, kind) or _encoded(value) != text:
        raise ProofError(node, f"`{text}` is not what it should be")
    return value
