"""Strata: no negation or aggregate through recursion, no computed value that feeds its own recursion."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise

import networkx as nx

from kb.language import syntax as s
from kb.language.diagnostics import Finding
from kb.language.program import ProgramRule


def dependencies(rules: Iterable[ProgramRule]) -> nx.DiGraph[str]:
    """The graph from each relation to those that conclude it; `through` says how: `not`, an aggregate, or plain."""
    graph: nx.DiGraph[str] = nx.DiGraph()
    for rule in rules:
        head = rule.head.relation
        graph.add_node(head)
        graph.nodes[head].setdefault("rules", []).append(rule)
        for relation, through in _uses(rule.rule.body):
            known = graph.get_edge_data(relation, head)
            if known is None or not known["through"]:
                graph.add_edge(relation, head, through=through, rule=rule)
    return graph


def _uses(body: Iterable[s.Premise], inside: str = "") -> Iterator[tuple[str, str]]:
    for premise in body:
        if isinstance(premise, s.Literal):
            yield premise.atom.relation, inside or ("not" if premise.negated else "")
        elif isinstance(premise, s.Aggregate):
            yield from _uses(premise.body, f"#{premise.function}")
            yield from _uses(premise.lower or (), f"#{premise.function}")


def needed(rules_for: Mapping[str, Iterable[ProgramRule]], wanted: Iterable[str]) -> frozenset[str]:
    """The relations that the wanted ones depend on, themselves included."""
    found: set[str] = set()
    pending = list(wanted)
    while pending:
        relation = pending.pop()
        if relation not in found:
            found.add(relation)
            pending += [used for rule in rules_for.get(relation, ()) for used, _ in _uses(rule.rule.body)]
    return frozenset(found)


def components(graph: nx.DiGraph[str]) -> tuple[frozenset[str], ...]:
    """The strongly connected components, each after those that it depends on."""
    condensed = nx.condensation(graph)
    return tuple(frozenset(condensed.nodes[node]["members"]) for node in nx.topological_sort(condensed))


def recursive_relations(graph: nx.DiGraph[str], parts: Iterable[frozenset[str]]) -> frozenset[str]:
    """The relations that depend on themselves."""
    return frozenset(name for part in parts for name in part if len(part) > 1 or graph.has_edge(name, name))


def check_strata(graph: nx.DiGraph[str], parts: Iterable[frozenset[str]]) -> Iterator[tuple[ProgramRule, Finding]]:
    """Each rule that recurses through negation or an aggregate, or on a value that it computes."""
    for part in parts:
        edges = [(a, b) for a in part for b in graph.successors(a) if b in part]
        for source, target in sorted(edges):
            data = graph.edges[source, target]
            if data["through"]:
                yield data["rule"], _cycle(graph.subgraph(part), source, target, data["through"], data["rule"])
                break
        else:
            yield from _computed_recursion(graph, part, edges)


def _cycle(part: nx.DiGraph[str], source: str, target: str, through: str, rule: ProgramRule) -> Finding:
    path = nx.shortest_path(part, target, source)
    names = [name.rsplit("/", 1)[-1] for name in [*path, target]]
    shown = " → ".join(f"`{name}`" for name in reversed(names))
    word = "`not`" if through == "not" else f"`{through}`"
    message = f"{names[0] if len(path) == 1 else 'this rule'} depends on itself through {word}: {shown}"
    if len(path) == 1:
        message = f"`{names[0]}` depends on itself through {word}: {shown}"
    related = tuple(
        ("and this rule closes the cycle", part.edges[a, b]["rule"].origin.file, part.edges[a, b]["rule"].origin.line)
        for a, b in pairwise(path)
        if part.edges[a, b]["rule"] is not rule
    )
    hint = "a predicate must be complete before it is negated or counted: break the cycle"
    return Finding(rule.rule.place, "stratification", message, hint, related)


def _computed_recursion(
    graph: nx.DiGraph[str], part: frozenset[str], edges: list[tuple[str, str]]
) -> Iterator[tuple[ProgramRule, Finding]]:
    if not edges:
        return
    seen: set[str] = set()
    for rule in (rule for head in part for rule in graph.nodes[head].get("rules", ())):
        computed = _fed(rule.rule, part)
        if computed is not None and rule.id not in seen:
            seen.add(rule.id)
            message = f"`{computed.name}` is computed from this rule's own recursion, which need not end"
            hint = "compute it in a rule that is not recursive, or bound it by a predicate that lists its values"
            yield rule, Finding(computed.place, "computed-recursion", message, hint)


def _fed(rule: s.Rule, part: frozenset[str]) -> s.Variable | None:
    """A head variable that `=` computes from what a recursive premise binds."""
    literals = [p for p in rule.body if isinstance(p, s.Literal) and not p.negated]
    recursive = {v.name for p in literals if p.atom.relation in part for v in s.premise_variables(p)}
    listed = {v.name for p in literals for v in s.premise_variables(p)}
    tainted: set[str] = set()
    while True:
        new = {
            target.name
            for premise in rule.body
            if isinstance(premise, s.Comparison) and premise.op == "="
            for target, other in ((premise.left, premise.right), (premise.right, premise.left))
            if isinstance(target, s.Variable) and target.name not in listed
            and (isinstance(other, s.Arithmetic) or {v.name for v in s.term_variables(other)} & tainted)
            and {v.name for v in s.term_variables(other)} & (recursive | tainted)
        }  # fmt: skip
        if new <= tainted:
            break
        tainted |= new
    head = [v for term in (rule.head.terms if rule.head else ()) for v in s.term_variables(term)]
    return next((v for v in head if v.name in tainted), None)
