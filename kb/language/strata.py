"""Strata: no negation or aggregate through recursion, no computed value that feeds its own recursion."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise

from kb.language import syntax as s
from kb.language.diagnostics import Finding
from kb.language.program import Program, ProgramRule


@dataclass(frozen=True)
class Dependencies:
    """What each concluded relation uses.

    `uses[p][q]` tells how p depends on q (`not`, an aggregate, or plainly) and by which
    rule; where it does in several ways, one that is not plain counts.
    """

    uses: dict[str, dict[str, tuple[str, ProgramRule]]] = field(default_factory=dict)
    rules: dict[str, list[ProgramRule]] = field(default_factory=dict)


def dependencies(rules: Iterable[ProgramRule]) -> Dependencies:
    """The dependencies among the relations of the rules."""
    found = Dependencies()
    for rule in rules:
        head = rule.head.relation
        found.rules.setdefault(head, []).append(rule)
        uses = found.uses.setdefault(head, {})
        for relation, through in _uses(rule.rule.body):
            if relation not in uses or not uses[relation][0]:
                uses[relation] = through, rule
    return found


def _uses(body: Iterable[s.Premise], inside: str = "") -> Iterator[tuple[str, str]]:
    for premise in body:
        if isinstance(premise, s.Literal):
            yield premise.atom.relation, inside or ("not" if premise.negated else "")
        elif isinstance(premise, s.Aggregate):
            yield from _uses(premise.body, f"#{premise.function}")
            yield from _uses(premise.lower or (), f"#{premise.function}")


def needed(program: Program, wanted: Iterable[str]) -> frozenset[str]:
    """The relations that the wanted ones depend on, themselves included."""
    return reachable(program.uses, wanted)


def reachable(edges: Mapping[str, Iterable[str]], start: Iterable[str]) -> frozenset[str]:
    """What edges lead to from some relations, directly or not, and these themselves."""
    found: set[str] = set()
    pending = list(start)
    while pending:
        relation = pending.pop()
        if relation not in found:
            found.add(relation)
            pending += edges.get(relation, ())
    return frozenset(found)


def dependents(program: Program, changed: Iterable[str]) -> frozenset[str]:
    """The relations that depend on one of those that change, those themselves included."""
    found = set(changed)
    for component in program.components:
        if any(not found.isdisjoint(program.uses.get(relation, ())) for relation in component):
            found |= component
    return frozenset(found)


def components(found: Dependencies) -> tuple[frozenset[str], ...]:
    """The strongly connected components, each after those that it depends on."""
    others = {head: uses.keys() - {head} for head, uses in found.uses.items()}
    try:
        return tuple(frozenset([name]) for name in TopologicalSorter(others).static_order())
    except CycleError:
        # Relations that depend on one another are rare; NetworkX, which finds them, takes long to load.
        import networkx as nx

        graph: nx.DiGraph[str] = nx.DiGraph((used, head) for head, uses in others.items() for used in uses)
        graph.add_nodes_from(others)
        condensed = nx.condensation(graph)
        return tuple(frozenset(condensed.nodes[node]["members"]) for node in nx.topological_sort(condensed))


def recursive_relations(found: Dependencies, parts: Iterable[frozenset[str]]) -> frozenset[str]:
    """The relations that depend on themselves."""
    return frozenset(name for part in parts for name in part if len(part) > 1 or name in found.uses.get(name, ()))


def check_strata(found: Dependencies, parts: Iterable[frozenset[str]]) -> Iterator[tuple[ProgramRule, Finding]]:
    """Each rule that recurses through negation or an aggregate, or on a value that it computes."""
    for part in parts:
        edges = [(used, head) for head in part for used in found.uses.get(head, ()) if used in part]
        for used, head in sorted(edges):
            through, rule = found.uses[head][used]
            if through:
                yield rule, _cycle(found, part, used, head)
                break
        else:
            yield from _computed_recursion(found, part, edges)


def _cycle(found: Dependencies, part: frozenset[str], source: str, target: str) -> Finding:
    import networkx as nx

    graph: nx.DiGraph[str] = nx.DiGraph((used, head) for head in part for used in found.uses.get(head, ()) if used in part)
    through, rule = found.uses[target][source]
    path = nx.shortest_path(graph, target, source)
    names = [name.rsplit("/", 1)[-1] for name in [*path, target]]
    shown = " → ".join(f"`{name}`" for name in reversed(names))
    word = "`not`" if through == "not" else f"`{through}`"
    message = f"{'this rule' if len(path) > 1 else f'`{names[0]}`'} depends on itself through {word}: {shown}"
    others = [found.uses[head][used][1] for used, head in pairwise(path)]
    related = tuple(
        ("and this rule closes the cycle", other.origin.file, other.origin.line) for other in others if other is not rule
    )
    hint = "a predicate must be complete before it is negated or counted: break the cycle"
    return Finding(rule.rule.place, "stratification", message, hint, related)


def _computed_recursion(
    found: Dependencies, part: frozenset[str], edges: list[tuple[str, str]]
) -> Iterator[tuple[ProgramRule, Finding]]:
    if not edges:
        return
    seen: set[str] = set()
    for rule in (rule for head in part for rule in found.rules.get(head, ())):
        computed = _fed(rule.rule, part)
        if computed is not None and rule.id not in seen:
            seen.add(rule.id)
            message = f"`{computed.name}` is computed from this rule's own recursion, which need not end"
            hint = "compute it in a rule that is not recursive, or bound it by a predicate that lists its values"
            yield rule, Finding(computed.place, "computed-recursion", message, hint)


def _fed(rule: s.Rule, part: frozenset[str]) -> s.Variable | None:
    """A head variable that `=` computes from what a recursive premise binds, or an aggregate from it."""
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
        new |= {
            premise.bound.name
            for premise in rule.body
            if isinstance(premise, s.Aggregate) and premise.op == "=" and isinstance(premise.bound, s.Variable)
            if premise.bound.name not in listed and s.aggregated_variables(premise) & (recursive | tainted)
        }
        if new <= tainted:
            break
        tainted |= new
    head = [v for term in (rule.head.terms if rule.head else ()) for v in s.term_variables(term)]
    return next((v for v in head if v.name in tainted), None)
