"""Proofs checked against a library's documents, whoever made them."""

from __future__ import annotations

from datetime import date

import networkx as nx

from explain.checker import check_present
from explain.checker import verify as checked
from facts.readers.datalog import read_chart
from kb.language.diagnostics import DocumentErrors
from kb.language.documents import Document
from kb.language.frontmatter import read_date
from kb.language.program import Program
from kb.library import Library


def verify(base: Library, proof: nx.DiGraph[str], chart: Document) -> Program:
    """Checks a proof against the documents and the chart that it rests on; the program that these are.

    Raises ProofError with the step that fails, DocumentErrors when a document or the chart has mistakes.
    """
    payer, day = str(proof.graph.get("payer", "")), read_date(str(proof.graph.get("on", "")))
    program = base.compiled(payer, day or date.today()).program
    if mistakes := read_chart(chart, program)[1]:
        check_present(proof, base.documents, chart)
        raise DocumentErrors(mistakes)
    checked(proof, base.documents, chart)
    return program
