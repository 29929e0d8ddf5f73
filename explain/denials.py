"""What in the record speaks against a fact without contradicting it: somebody else, another study, another day denies it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from explain.proofs import Chosen, Proof, atoms_of, cheapest_choice, facts_of, tree
from kb.contradictions import AtomKey
from kb.engines.model import fits
from kb.language.closed import relations_of
from kb.language.program import Fact
from kb.language.syntax import opposite
from kb.language.values import ANY, Row
from kb.models import Models

DENIED = "Elsewhere the record denies what this rests on, by another source, study or day. The rules do not weigh the two:"
"""Stands above the denials."""
WITNESS = ("source", "study", "date")
"""The types of arguments that say who or what tells of a finding, and when, and not what is found."""


def denials(found: Models, facts: Iterable[AtomKey]) -> Iterator[Fact]:
    """The stated facts that say of what some facts find that it is not so, by another witness; each once."""
    against = (each for fact in facts for each in _denying(found, *fact))
    yield from {(each.relation, each.row): each for each in against}.values()


def undenied_choice(found: Models, roots: Iterable[AtomKey]) -> Chosen | None:
    """The cheapest proof of one of the atoms, without facts that another witness denies where they can be spared.

    A fact is not spared for a proof that rests on silence where this one does not.
    """
    roots = list(roots)
    chosen = cheapest_choice(found, roots)
    spared, tried = frozenset[AtomKey](), set[AtomKey]()
    while chosen is not None and _may_be_denied(found, chosen):
        facts = (each for each in facts_of(found, chosen) if each not in tried)
        fact = next((each for each in facts if any(_denying(found, *each))), None)
        if fact is None:
            break
        tried.add(fact)
        other = cheapest_choice(found, roots, spared | {fact})
        if other is not None and (_rests_on_silence(found, chosen) or not _rests_on_silence(found, other)):
            chosen, spared = other, spared | {fact}
    return chosen


def _may_be_denied(found: Models, chosen: Chosen) -> bool:
    """Whether the record denies anything of a relation that the proof may rest on: a look that spares a longer one."""
    rules = {instance.rule.id: instance.rule for instance in chosen.choice.values()}
    relations = {name for rule in rules.values() for premise in rule.rule.body for name in relations_of(premise)}
    return any(opposite(name) in found.stated for name in {chosen.root[0], *relations})


def undenied_proof(found: Models, relation: str, pattern: Row) -> Proof | None:
    """The same as a tree, for an atom of a pattern."""
    chosen = undenied_choice(found, atoms_of(found, relation, pattern))
    return None if chosen is None else tree(found, chosen)


def _rests_on_silence(found: Models, chosen: Chosen) -> bool:
    return any(node.silent for node in tree(found, chosen).walk())


def _denying(found: Models, relation: str, row: Row) -> Iterator[Fact]:
    arguments = found.program.predicate(relation).arguments
    finding = tuple(ANY if each.type in WITNESS else value for each, value in zip(arguments, row, strict=True))
    for other, fact in found.stated.get(opposite(relation), {}).items():
        if fits(finding, other, lenient=True) and not fits(row, other):
            yield fact
