"""HTML: one page that needs nothing else, with the determination, each proof as an outline and as a picture.

The template is filled by Jinja2, which escapes every text; the only markup put in as
it is are the pictures that Graphviz drew, and our own style sheet and script.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from markupsafe import Markup

from explain.asking import ask_words
from explain.criteria import CriterionStatus, criterion_mark, criterion_words, speaks
from explain.explanations import Explanation
from explain.export.findings import MORE_HINGES
from explain.export.lines import visible
from explain.formats import CannotExport, Options
from explain.formats.drawing import COLOURS, KIND_NAMES, drawn_part, element
from explain.formats.headings import RESTATED, heading, remarks, standing_lines
from explain.formats.letter import letter
from explain.formats.outline import MARKS, Item, outlines, place, rule_line
from explain.formats.templates import environment, own
from explain.graph import Asked, ProofGraph
from explain.hinges import Hinge, hinged
from explain.standing import STANDINGS
from explain.verdicts import Verdict
from explain.wording import words


def export(explanation: Explanation, options: Options) -> str:
    """The page; for a member the letter."""
    if options.audience == "member":
        return _letter(explanation)
    sections = [
        _section(explanation, proof.part(asked), asked, f"g{number}")
        for number, (proof, asked) in enumerate(_goals(explanation))
    ]
    return (
        environment()
        .get_template("page.html")
        .render(
            title=explanation.title,
            restated=RESTATED,
            payer=explanation.payer,
            on=explanation.on,
            notes=(*explanation.notes, *standing_lines(explanation)),
            sections=sections,
            kinds=KIND_NAMES,
            colours=COLOURS,
            style=own("page.css"),
            script=own("page.js"),
            documents=[meta for meta in explanation.models.program.documents if meta.kind != "reference"],
        )
    )


def _letter(explanation: Explanation) -> str:
    lines = (visible(line.text).strip() for line in letter(explanation, 10_000).lines)
    blocks = [(is_list, list(each)) for is_list, each in groupby(filter(None, lines), lambda line: line.startswith("- "))]
    return environment().get_template("letter.html").render(title="About your request", blocks=blocks)


def _goals(explanation: Explanation) -> Iterator[tuple[ProofGraph, Asked]]:
    for proof in explanation.proofs:
        for asked in proof.asked:
            yield proof, asked


@dataclass(frozen=True)
class _Criterion:
    """A criterion of a goal as the page lists it."""

    mark: str
    speaks: str
    """The verdict on it; of an exclusion on what it wants to be absent."""
    label: str
    words: str
    evidence: str
    locator: str
    node: str
    below: tuple[_Criterion, ...]


@dataclass(frozen=True)
class _Section:
    """What the page shows of one goal."""

    id: str
    question: str
    verdict: str
    reads: str
    warnings: tuple[str, ...]
    counts: dict[str, int]
    exclusions: int
    """How many exclusions apply."""
    criteria: tuple[_Criterion, ...]
    hinges: tuple[dict[str, Any], ...]
    more_hinges: str
    missing: tuple[str, ...]
    unreviewed: tuple[str, ...]
    roots: tuple[_Line, ...]
    passages: dict[str, dict[str, Any]]
    picture: Markup | None
    why_no_picture: str
    nodes: int


@dataclass(frozen=True)
class _Line:
    """A node of the outline: what it says, and for a conclusion with one rule by which."""

    node: str
    kind: str
    mark: str
    words: str
    remark: str
    by: str
    source: str
    """For paper, on which nothing can be selected: where a fact or a rule stands, and the sentence above it."""
    fails: bool
    folded: bool
    below: tuple[_Line, ...]


def _section(explanation: Explanation, proof: ProofGraph, asked: Asked, prefix: str) -> _Section:
    goal, found = asked.goal, explanation.models
    answers = explanation.determination.answers if explanation.determination else ()
    answer = next((each for each in answers if (each.question.relation, each.question.row) == goal), None)
    held_up = hinged(found, goal)
    now, question = held_up.outcome.verdict, held_up.outcome.question
    try:
        picture, why_not = _svg(drawn_part(proof), prefix), ""
    except CannotExport as error:
        picture, why_not = None, str(error)
    # Of what is open, the silences that it hinges on are what is missing.
    is_open = now is Verdict.UNDOCUMENTED
    remedies = [each.opposite for each in held_up.hinges if is_open and each.opposite is not None]
    rests_on = [each for each in held_up.hinges if not is_open or each.opposite is None]
    statuses = [each for each in answer.criteria if not each.excludes] if answer is not None else []
    above = tuple(heading(explanation, asked))
    return _Section(
        id=prefix,
        question=question.text if question is not None else words(found.program, *goal),
        verdict=now.value,
        reads=" ".join([held_up.outcome.reads, *(each.replace("'", "’") for each in remarks(explanation, asked))]),
        warnings=above[question is not None :],
        counts={each.value: sum(status.verdict is each for status in statuses) for each in list(Verdict)[:4]},
        exclusions=sum(each.excludes and each.verdict is Verdict.MET for each in answer.criteria) if answer else 0,
        criteria=tuple(_criterion(explanation, proof, each, prefix) for each in answer.criteria) if answer else (),
        hinges=tuple(_hinge(explanation, proof, each, prefix) for each in rests_on),
        more_hinges="" if held_up.is_whole else MORE_HINGES,
        missing=tuple(ask_words(found.program, each) for each in remedies),
        unreviewed=tuple(meta.full_id for meta in answer.unreviewed) if answer else (),
        roots=tuple(_line(item, prefix, frozenset([explanation.case])) for items in outlines(proof) for item in items),
        passages={f"{prefix}-{node}": _passages(explanation, proof, node, prefix) for node in proof.graph},
        picture=picture,
        why_no_picture=why_not,
        nodes=len(proof.graph),
    )


def _criterion(explanation: Explanation, proof: ProofGraph, status: CriterionStatus, prefix: str) -> _Criterion:
    criterion = status.criterion
    node = next((each for each, atom in proof.atoms.items() if atom[0] == criterion.atom.relation), "")
    return _Criterion(
        criterion_mark(status), speaks(status).value, criterion.label, criterion_words(explanation.models, status),
        criterion.evidence, criterion.locator, f"{prefix}-{node}" if node else "",
        tuple(_criterion(explanation, proof, each, prefix) for each in status.below),
    )  # fmt: skip


def _hinge(explanation: Explanation, proof: ProofGraph, hinge: Hinge, prefix: str) -> dict[str, Any]:
    facts = []
    for relation, row in hinge.facts:
        shown = (node for node, atom in proof.atoms.items() if atom == (relation, row) and proof.kind(node) == "fact")
        origin = explanation.models.stated[relation][row].origin
        facts.append(
            {
                "words": words(explanation.models.program, relation, row),
                "node": f"{prefix}-{node}" if (node := next(shown, "")) else "",
                "place": f"{origin.short_place}: “{origin.passage}”",
            }
        )
    kind = "silence" if hinge.opposite else "pair" if len(facts) > 1 else "fact"
    told = ask_words(explanation.models.program, hinge.opposite) if hinge.opposite else ""
    return {"facts": facts, "told": told, "kind": kind, "after": hinge.after.value}


def _line(item: Item, prefix: str, chart: frozenset[str]) -> _Line:
    data = item.data
    remark = ""
    if item.kind == "absence":
        remark = STANDINGS[str(data["standing"])]
    elif item.ways > 1:
        remark = f"in {item.ways} ways, any of which is enough"
    if item.folded:
        remark = ", ".join(filter(None, (remark, "not looked into" if item.is_cut else "shown above")))
    is_rule = item.kind in ("rule", "attempt")
    told = data if item.kind in ("fact", "rule", "attempt") else item.by if item.by is not None else {}
    source = f"{place(told, chart)}: “{told['passage']}”" if told.get("document") and told.get("passage") else ""
    mark = "✗" if item.fails and item.kind in ("comparison", "aggregate") else MARKS[item.kind]
    return _Line(
        f"{prefix}-{item.node}", item.kind, mark, rule_line(data) if is_rule else str(data["words"]), remark,
        rule_line(item.by) if item.by is not None else "", source, item.fails, item.folded,
        tuple(_line(each, prefix, chart) for each in item.below),
    )  # fmt: skip


def _passages(explanation: Explanation, proof: ProofGraph, node: str, prefix: str) -> dict[str, Any]:
    """The policy's passages and the chart's sentences that belong to a node."""
    chart = frozenset([explanation.case])
    around = [node, *proof.below(node), *(each for rule in proof.below(node) for each in proof.below(rule))]
    if proof.kind(node) in ("fact", "comparison", "aggregate", "absence"):
        around += [other for other in proof.graph.pred[node] if proof.kind(other) in ("rule", "attempt")][:3]
    policy, said = dict[str, str](), dict[str, str]()
    for each in dict.fromkeys(around):
        data = proof.attributes(each)
        if not data.get("document"):
            continue
        if data["document"] in chart:
            said.setdefault(place(data, chart), str(data["passage"]))
        elif proof.kind(each) in ("rule", "attempt") or each == node:
            label = rule_line(data) if data.get("rule") else place(data, chart)
            policy.setdefault(f"{label}, line {data['line']}" if data.get("rule") else label, str(data["passage"]))
    data = proof.attributes(node)
    return {
        "words": visible(str(data["words"])),
        "kind": KIND_NAMES[proof.kind(node)],
        "atom": visible(str(data.get("atom") or data.get("rule", ""))),
        "policy": [[visible(where), visible(text)] for where, text in policy.items()],
        "chart": [[visible(where), visible(text)] for where, text in said.items()],
    }


def _svg(picture: bytes, prefix: str) -> Markup:
    """Graphviz's picture for inside a page: without its head, with ids that are its own, each node to be reached by key."""
    text = re.sub(
        r'<g id="(n\d+)" class="node">',
        rf'<g id="{prefix}-\1-picture" class="node" tabindex="0" role="button">',
        element(picture),
    )
    text = re.sub(r' id="(graph|edge|clust)([^"]*)"', rf' id="{prefix}-\1\2"', text)
    return Markup(text)
