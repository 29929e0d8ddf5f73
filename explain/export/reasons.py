"""Proofs in words: the chart's facts behind a conclusion and the passages that make them count."""

from __future__ import annotations

from explain.export.lines import DIM, Page
from explain.proofs import Proof
from explain.questions import request_relations
from explain.standing import STANDINGS, standing
from explain.wording import words
from kb.language.program import Origin
from kb.models import Models


def show_reason(page: Page, models: Models, label: str, proof: Proof, verbose: int) -> None:
    """One conclusion: its facts with their places in the chart, then its passages in the documents."""
    lead = f"{label}  " if label else ""
    page.add(f"{lead}{words(models.program, proof.relation, proof.row)}", "", 4, len(lead))
    for node in _distinct_leaves(models, proof):
        if node.kind == "absence":
            page.add(f"- {_absence(models, node)}", "", 8, 2)
        elif node.origin is not None:
            page.add(f"- {words(models.program, node.relation, node.row)} {chart_place(node.origin)}", "", 8, 2)
            if verbose and node.origin.passage:
                page.add(f"“{node.origin.passage}”", DIM, 10)
    for document, sections in _passages(models, proof).items():
        page.add(f"by {': '.join(filter(None, (document, '; '.join(sections))))}", DIM, 8, 2)


def chart_place(origin: Origin) -> str:
    """Where in the chart something is stated."""
    return f"[chart {origin.short_place}]"


def _distinct_leaves(models: Models, proof: Proof) -> list[Proof]:
    """The facts about the case and the absences, each once, without what the request itself says."""
    found: dict[tuple[str, object], Proof] = {}
    request = request_relations(models.program)
    for node in proof.walk():
        is_told = node.kind == "fact" and node.relation not in request
        is_absent = node.kind == "absence" and node.relation not in models.same
        about = node.relation if is_told or is_absent else ""
        if about and models.program.predicate(about).case_position is not None:
            found.setdefault((node.relation, node.row), node)
    return list(found.values())


def _passages(models: Models, proof: Proof) -> dict[str, list[str]]:
    """The sections that the rules of the proof stand in, by document; general references are left out."""
    kinds = {meta.full_id: meta.kind for meta in models.program.documents}
    locators = {c.atom.relation: c.locator for c in models.program.criteria if c.locator}
    found: dict[str, dict[str, None]] = {}
    for node in proof.walk():
        origin = node.origin
        if origin is not None and kinds.get(origin.document, "reference") != "reference":
            locator = locators.get(node.relation)
            section = " ".join(filter(None, (origin.section, f"({locator})" if locator else "")))
            found.setdefault(origin.document, {})[section] = None
    # A section is named once, with the issuer's locator if a criterion of it gives one.
    return {
        document: [each for each in sections if not any(other.startswith(f"{each} (") for other in sections)]
        for document, sections in found.items()
    }


def show_proof(page: Page, models: Models, node: Proof, indent: int) -> None:
    """The whole proof as an indented outline, with every passage."""
    if node.kind in ("comparison", "aggregate"):
        page.add(f"- {node.text}", DIM, indent, 2)
    elif node.kind == "absence":
        page.add(f"- {_absence(models, node)}", "", indent, 2)
    else:
        page.add(f"- {words(models.program, node.relation, node.row)}", "", indent, 2)
        if node.origin is not None:
            page.add(f"{node.rule or node.origin.place}{node.origin.quotation}", DIM, indent + 2)
        for premise in node.premises:
            show_proof(page, models, premise, indent + 2)


def _absence(models: Models, node: Proof) -> str:
    kind = STANDINGS[standing(models, node.relation, node.row)]
    return f"not shown: {words(models.program, node.relation, node.row)} ({kind})"
