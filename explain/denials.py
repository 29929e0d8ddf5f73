"""What in the record speaks against a fact without contradicting it.

Somebody else, another study or another day denies it, or a measurement that is no older has another value.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from explain.outcomes import Outcome
from explain.proofs import Chosen, Proof, atoms_of, cheapest_choice, facts_of, tree
from explain.wording import argument_words, words
from kb.contradictions import AtomKey
from kb.engines.model import fits
from kb.language.closed import relations_of
from kb.language.program import Fact, Predicate, Program
from kb.language.syntax import opposite
from kb.language.values import ANY, UNKNOWN, Row
from kb.models import Models

DENIED = "Elsewhere the record says otherwise: somebody else, another study or another day. The rules do not weigh the two:"
"""Stands above the denials."""
WITNESS = ("source", "study", "date")
"""The types of arguments that say who or what tells of a finding, and when, and not what is found."""


def denials(found: Models, facts: Iterable[AtomKey]) -> Iterator[Fact]:
    """The stated facts that speak against some facts that a proof rests on, and are none of these; each once."""
    facts = list(dict.fromkeys(facts))
    against = (each for fact in facts for each in _told_against(found, fact, set(facts)))
    yield from {(each.relation, each.row): each for each in against}.values()


def _told_against(found: Models, fact: AtomKey, facts: set[AtomKey]) -> Iterator[Fact]:
    """What speaks against one of the facts, but for what they are themselves."""
    return (each for each in _against(found, *fact) if (each.relation, each.row) not in facts)


def words_against(program: Program, fact: Fact) -> str:
    """What speaks against an answer, in words; of a denial also who told of it, and when, where its wording does not."""
    said, predicate = words(program, fact.relation, fact.row), program.predicate(fact.relation)
    wording = predicate.wordings.get("absent", predicate.wordings.get("", ""))
    if not fact.relation.startswith("-") or not wording:
        return said
    arguments = ((each, value) for each, value in zip(predicate.arguments, fact.row, strict=True) if each.type in WITNESS)
    untold = (
        (each, value) for each, value in arguments if value not in (ANY, UNKNOWN) and f"{{{each.name}}}" not in wording
    )
    by = ", ".join(argument_words(each, value) for each, value in untold)
    return f"{said} ({by})" if by else said


def denied(found: Models, reached: Outcome, goal: AtomKey) -> tuple[Fact, ...]:
    """What speaks against an answer: against a proof of the goal, or of each choice of readings by which it holds."""
    told = dict[AtomKey, Fact]()
    for models in reached.sides(found):
        chosen = undenied_choice(models, atoms_of(models, *goal))
        for fact in denials(models, facts_of(models, chosen)) if chosen is not None else ():
            told.setdefault((fact.relation, fact.row), fact)
    return tuple(told.values())


def undenied_choice(found: Models, roots: Iterable[AtomKey]) -> Chosen | None:
    """The cheapest proof of one of the atoms, without facts that another witness denies where they can be spared.

    A fact is not spared for a proof that rests on silence where this one does not.
    """
    asked = tuple(roots)
    # The answer, its proof and what is told against it ask for the same.
    return found.remembered((undenied_choice, asked), lambda: _undenied(found, asked))


def _undenied(found: Models, roots: tuple[AtomKey, ...]) -> Chosen | None:
    chosen = cheapest_choice(found, roots)
    spared, tried = frozenset[AtomKey](), set[AtomKey]()
    while chosen is not None and _may_be_denied(found, chosen):
        against = _spoken_against(found, chosen)
        fact = next((each for each in against if each not in tried), None)
        if fact is None:
            break
        tried.add(fact)
        other = cheapest_choice(found, roots, spared | {fact})
        if other is None or len(_spoken_against(found, other)) >= len(against):
            continue
        if _rests_on_silence(found, chosen) or not _rests_on_silence(found, other):
            chosen, spared = other, spared | {fact}
    return chosen


def _spoken_against(found: Models, chosen: Chosen) -> list[AtomKey]:
    """The facts of a proof that something speaks against."""
    facts = facts_of(found, chosen)
    return [each for each in facts if any(_told_against(found, each, set(facts)))]


def _may_be_denied(found: Models, chosen: Chosen) -> bool:
    """Whether the record denies anything of a relation that the proof may rest on: a look that spares a longer one."""
    rules = {instance.rule.id: instance.rule for instance in chosen.choice.values()}
    relations = {name for rule in rules.values() for premise in rule.rule.body for name in relations_of(premise)}
    return any(
        opposite(name) in found.stated or len(found.stated.get(name, ())) > 1 for name in {chosen.root[0], *relations}
    )


def undenied_proof(found: Models, relation: str, pattern: Row) -> Proof | None:
    """The same as a tree, for an atom of a pattern."""
    chosen = undenied_choice(found, atoms_of(found, relation, pattern))
    return None if chosen is None else tree(found, chosen)


def _rests_on_silence(found: Models, chosen: Chosen) -> bool:
    return any(node.silent for node in tree(found, chosen).walk())


def _against(found: Models, relation: str, row: Row) -> Iterator[Fact]:
    """What speaks against a fact: what another witness denies, and what another or a later study measured otherwise."""
    predicate = found.program.predicate(relation)
    finding = tuple(ANY if each.type in WITNESS else value for each, value in zip(predicate.arguments, row, strict=True))
    for other, fact in found.stated.get(opposite(relation), {}).items():
        is_of_it = fits(finding, other, lenient=True) and not fits(row, other)
        if is_of_it and not (_is_before(predicate, row, other) and _is_of_one_source(predicate, row, other)):
            yield fact
    for measured in _measured(predicate):
        for other, fact in found.stated.get(relation, {}).items():
            is_of_it = all(other[i] == row[i] for i in measured) and not fits(finding, other, lenient=True)
            if is_of_it and not _is_before(predicate, row, other) and _is_another(predicate, row, other):
                yield fact


def _measured(predicate: Predicate) -> Iterator[tuple[int, ...]]:
    """The arguments that say what is measured, of a predicate that measures something: one value a day, or by a study."""
    subjects = predicate.keys
    if not subjects and any(argument.type == "study" for argument in predicate.arguments):
        subjects = (predicate.about,)
    for subject in subjects:
        yield tuple(i for i in subject if predicate.arguments[i].type not in WITNESS)


def _is_before(predicate: Predicate, row: Row, other: Row) -> bool:
    """Whether another row was told of before: what was so then says nothing of now, if who said so says otherwise since."""
    days = [(row[i], other[i]) for i, argument in enumerate(predicate.arguments) if argument.type == "date"]
    return len(days) == 1 and any(isinstance(day, date) and isinstance(then, date) and then < day for day, then in days)


def _is_of_one_source(predicate: Predicate, row: Row, other: Row) -> bool:
    """Whether a denial is of the same source, or of all."""
    return all(fits((row[i],), (other[i],)) for i, argument in enumerate(predicate.arguments) if argument.type == "source")


def _is_another(predicate: Predicate, row: Row, other: Row) -> bool:
    """Whether a measurement is one of another day, or by another study; what is told of these in part may be the same."""
    pairs = ((row[i], other[i]) for i, argument in enumerate(predicate.arguments) if argument.type in ("date", "study"))
    return any(not fits((one,), (another,), lenient=True) for one, another in pairs)
