"""What has to be known of a record beside its answers: contradictions, and readings that are taken together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from explain.determination import Determination
from explain.outcomes import under_readings
from explain.questions import not_surely_asked, request_relations
from explain.verdicts import contradictions_beneath
from explain.wording import amiss, together
from kb.language.values import ANY
from kb.models import Models


def caveats(found: Models, relations: Iterable[str]) -> Iterator[str]:
    """A sentence for each contradiction beneath some relations, and one if a policy's readings differ on them."""
    relations = list(dict.fromkeys(relations))
    told = dict[str, None]()
    for relation in relations:
        anything = (ANY,) * len(found.program.predicate(relation).arguments)
        for each in contradictions_beneath(found, relation, anything):
            atoms = together(found.program, each.atoms)
            told[f"The record {amiss(each)}: {atoms}. What follows from it is answered from both sides."] = None
    yield from told
    for _, again in under_readings(found, relations, relations):
        if any(again.perfect.rows(relation) != found.perfect.rows(relation) for relation in relations):
            yield "A policy is read in several ways, which this takes together; `medproof decide` answers by each."
            break


def open_questions(determination: Determination) -> Iterator[str]:
    """A sentence for each question that the request may ask by a value that it leaves open."""
    asked = (answer.question for answer in determination.answers)
    for question in not_surely_asked(determination.models, asked):
        yield f"By what it leaves open (`?`), the request may also ask: {question.text} It has to say what is meant."


def idle_contradictions(determination: Determination) -> Iterator[str]:
    """A sentence for each contradiction of the record that no answer depends on."""
    told = {each for answer in determination.answers for each in answer.contradictions}
    found = determination.models
    program, request = found.program, request_relations(found.program)
    for each in found.contradictions:
        if each not in told:
            atoms = together(program, each.atoms)
            if not request.isdisjoint(relation.removeprefix("-") for relation, _ in each.atoms):
                yield f"The request {amiss(each)}: {atoms}. What is asked below follows from it: settle it first."
            else:
                yield f"The record {amiss(each)}, though no answer below depends on it: {atoms}."
