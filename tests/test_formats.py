"""Explanations in every form: they read back, hostile text is inert, and size is met with a sentence."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ElementTree
from io import BytesIO

import networkx as nx
import pygraphviz
import pytest

import medproof
from explain.building import proof_graph
from explain.explanations import Explanation
from explain.formats import MODULES, CannotExport, Options, exported
from explain.formats.node_link import read as read_json
from explain.graph import ProofGraph
from kb.compiled import Compiled
from kb.engines import engine
from kb.language.documents import Document, read
from kb.models import models
from tests.support import DAY, facts, program

TEXTS = ("text", "markdown", "json", "graphml", "gexf", "dot", "mermaid", "svg", "html")


@pytest.fixture(scope="module")
def base() -> medproof.Library:
    return medproof.load()


@pytest.fixture(scope="module")
def reference(base: medproof.Library) -> Explanation:
    return medproof.explain(base, medproof.open_case("reference"))


def text(explanation: Explanation, form: str, options: Options | None = None) -> str:
    made = exported(explanation, form, options or Options())
    return made if isinstance(made, str) else made.decode("utf-8")


def binary(explanation: Explanation, form: str) -> bytes:
    """How a picture begins."""
    made = exported(explanation, form, Options())
    assert isinstance(made, bytes)
    return made[:4]


def same(graph: nx.DiGraph[str], other: nx.DiGraph[str]) -> bool:
    nodes = {node: graph.nodes[node] for node in graph}
    return nodes == {node: other.nodes[node] for node in other} and dict(graph.adj) == dict(other.adj)


def test_json_graphml_and_gexf_read_back_to_the_same_graph(reference: Explanation) -> None:
    graph = reference.proof.graph
    [from_json] = read_json(text(reference, "json"))
    assert same(from_json, graph)
    assert from_json.graph == graph.graph
    from_graphml: nx.DiGraph[str] = nx.DiGraph(nx.read_graphml(BytesIO(text(reference, "graphml").encode())))
    assert same(from_graphml, graph)
    assert {key: value for key, value in from_graphml.graph.items() if not key.endswith("_default")} == graph.graph
    from_gexf: nx.DiGraph[str] = nx.DiGraph(nx.read_gexf(BytesIO(text(reference, "gexf").encode())))
    for _, data in from_gexf.nodes(data=True):
        assert data.pop("label") == data["words"]
    for _, _, data in from_gexf.edges(data=True):
        data.pop("id")
    assert same(from_gexf, graph)


def test_what_was_read_back_still_verifies(reference: Explanation, base: medproof.Library) -> None:
    document = medproof.open_case("reference")
    medproof.verify(base, nx.DiGraph(nx.read_graphml(BytesIO(text(reference, "graphml").encode()))), document)
    medproof.verify(base, read_json(text(reference, "json"))[0], document)


def test_dot_is_read_by_graphviz_and_has_every_node_and_edge(reference: Explanation) -> None:
    graph = pygraphviz.AGraph(string=text(reference, "dot"))
    ours = reference.proof.graph
    assert {node for node in graph.nodes() if not node.startswith("legend")} == set(ours)
    assert {tuple(edge) for edge in graph.edges()} == set(ours.edges)


def test_pictures_are_drawn_with_a_legend(base: medproof.Library) -> None:
    found = medproof.explain(base, medproof.open_case("reference"), "A4", minimal=True)
    svg = ElementTree.fromstring(text(found, "svg"))
    said = " ".join("".join(each.itertext()) for each in svg.iter("{http://www.w3.org/2000/svg}text"))
    assert "it is waived because the" in said
    assert "legend" in said and "by a rule" in said
    assert binary(found, "png") == b"\x89PNG"
    assert binary(found, "pdf") == b"%PDF"


def test_mermaid_has_a_shape_and_a_class_for_each_node(base: medproof.Library) -> None:
    found = medproof.explain(base, medproof.open_case("two-weeks"), "C5")
    lines = text(found, "mermaid").splitlines()
    assert lines[0] == "flowchart TD"
    shaped = {line.split("(")[0].split("[")[0].split("{")[0].strip() for line in lines if ":::" in line}
    assert shaped == {"caption", *found.proof.graph}


def test_a_picture_says_what_the_answer_is_and_what_has_to_be_known_of_it(base: medproof.Library) -> None:
    found = medproof.explain(base, medproof.open_case("two-grades-one-day"), "medically_necessary", minimal=True)
    for form in ("svg", "dot", "mermaid"):
        made = " ".join(text(found, form).replace("\\\n", "").split())
        for what in ("RESOLVE THE CONTRADICTION", "payer aetna", "The record contradicts itself", "not yet approved"):
            assert what in made, (form, what)


def test_mermaid_has_an_arrow_for_each_edge(base: medproof.Library) -> None:
    found = medproof.explain(base, medproof.open_case("two-weeks"), "C5")
    lines = text(found, "mermaid").splitlines()
    assert sum(" --> " in line or " -.->" in line for line in lines) == found.proof.graph.number_of_edges()


def test_the_text_is_no_wider_than_asked(reference: Explanation) -> None:
    for width in (80, 120):
        made = exported(reference, "text", Options(width=width))
        assert max(map(len, str(made).splitlines())) <= width


# Hostile text

NASTY = (
    "<script>alert(1)</script> & \"quotes\" 'single' \\N \\ {{ 7*7 }} \x1b[31m red \x00 \u202e right-to-left "
    "]]> --> `code` $x$ | [link](javascript:alert(1)) <img src=x onerror=alert(1)>"
)


def nasty_chart() -> Document:
    passage = NASTY.replace("\x00", "\x01").replace("`", "'") + " long" * 20_000
    item = json.dumps(NASTY.replace("\x00", "\x01"))
    return read(
        "nasty.md",
        "---\ncase: nasty\ntitle: " + json.dumps(NASTY.replace("\x00", "\x01").replace("\x1b", "")) + "\n---\n\n"
        f"{passage}\n\n"
        "```datalog\n"
        'payer(nasty, "aetna").\nrequest_date(nasty, "2026-02-01").\n'
        f'requested(nasty, {item}, "63030", "L5-S1", left).\n'
        "radicular_pain(nasty, left, examination, ?).\n```\n",
    )


@pytest.fixture(scope="module")
def nasty(base: medproof.Library) -> Explanation:
    return medproof.explain(base, nasty_chart())


@pytest.mark.parametrize("form", TEXTS)
def test_hostile_text_is_inert(form: str, nasty: Explanation) -> None:
    made = text(nasty, form)
    if form in ("svg", "html", "graphml", "gexf"):
        assert "<script>alert" not in made
        assert "<img src=x" not in made
    if form in ("svg", "graphml", "gexf"):
        ElementTree.fromstring(made)
    if form == "markdown":
        assert "](javascript:" not in made.replace("\\]\\(", "")
        assert not re.search(r"(?<!\\)<script", made)
    if form == "json":
        assert json.loads(made)
    else:
        assert "\x1b" not in made
    if form not in ("json", "graphml", "gexf"):
        assert "\u202e" not in made
    if form == "mermaid":
        assert "<script>" not in made
    if form == "html":
        assert "49" not in made.split("<main")[0].replace("2026", "")


def test_hostile_text_is_drawn_as_it_is_written(nasty: Explanation) -> None:
    graph = pygraphviz.AGraph(string=text(nasty, "dot"))
    labels = " ".join(str(graph.get_node(node).attr["label"]) for node in nasty.proof.graph)
    assert "<script>" in labels


def test_pictures_of_hostile_text_are_made(nasty: Explanation) -> None:
    assert binary(nasty, "png") == b"\x89PNG"


# Size


def large(conclusions: int) -> Explanation:
    source = "#fact seen(Case: case, N: number).\n#pred noted(Case: case, N: number).\nnoted(Case, N) :- seen(Case, N).\n"
    source += "#pred all(Case: case).\nall(Case) :- noted(Case, _).\n"
    chart = " ".join(f"seen(x, {number})." for number in range(conclusions))
    of = program(source)
    found = models(Compiled(of), facts(chart, of), "x", engine(), ["all"])
    proof: ProofGraph = proof_graph(found, [("all", ("x",))], limit=10**6)
    return Explanation("large", "x", "", DAY, (), found, (proof,))


def test_a_graph_of_a_hundred_thousand_nodes_is_exported_and_not_drawn() -> None:
    found = large(25_000)
    assert len(found.proof.graph) > 100_000
    for form in ("json", "graphml", "dot"):
        assert "n99999" in text(found, form)
    for form in ("svg", "png", "pdf", "mermaid"):
        with pytest.raises(CannotExport, match="ask for --minimal, for a --depth, or for one atom further down"):
            exported(found, form, Options())


def test_a_picture_to_a_depth_shows_what_is_near_the_goal_and_counts_the_rest() -> None:
    found = large(3)
    near = found.proof.to_depth(1)
    assert {near.kind(node) for node in near.graph} == {"conclusion", "rule"}
    shown = text(found, "mermaid", Options(depth=1))
    assert shown.count("… 1 more beneath") == 3
    assert "… 1 more beneath" not in text(found, "mermaid")
    with pytest.raises(CannotExport, match="a depth is for pictures"):
        exported(found, "json", Options(depth=1))


def test_a_part_of_a_graph_keeps_its_order_so_that_it_is_drawn_alike_each_time(base: medproof.Library) -> None:
    proof = medproof.explain(base, medproof.open_case("reference")).proof
    for part in (*(proof.part(asked) for asked in proof.asked), proof.to_depth(1)):
        assert list(part.graph) == [node for node in proof.graph if node in part.graph]
        assert list(part.graph.edges) == [edge for edge in proof.graph.edges if edge in part.graph.edges]


def test_each_form_is_a_module_of_its_own() -> None:
    assert len(set(MODULES.values())) == len(MODULES)


def test_a_page_of_all_questions_says_what_decide_says_of_the_record(base: medproof.Library) -> None:
    request = 'payer(c, "aetna").\nrequest_date(c, "2026-03-20").\nrequested(c, op, "63030", "L5-S1", left).\n'
    chart = read("c.md", f"---\ncase: c\n---\n\n```datalog\n{request}requested_setting(c, ?).\n```\n")
    [decided] = medproof.decide(base, chart)
    assert any("may also ask" in note for note in decided.notes)
    assert medproof.explain(base, chart).notes == decided.notes


def test_every_form_says_that_an_answer_rests_on_silence(base: medproof.Library) -> None:
    found = medproof.explain(base, medproof.open_case("reference"), "determination_supports", minimal=True)
    for form in ("text", "markdown", "html"):
        said = str(exported(found, form, Options())).replace("’", "'")
        assert "on the record's silence" in said, form


def test_a_letter_says_that_records_say_something_else(base: medproof.Library) -> None:
    """What somebody else denies is weighed by a person; the letter does not say that nothing speaks against it."""
    facts = (
        'payer(c, "medicare").', 'request_date(c, "2025-10-01").', 'requested(c, op, "22633", "L4-5", left).',
        'instability_reported(c, "L4-5", degeneration, clinician_statement, "2025-08-01").',
    )  # fmt: skip
    for denial, is_told in (('-instability_reported(c, "L4-5", _, imaging_report, _).', True), ("", False)):
        stated = "\n".join((*facts, denial))
        chart = read("c.md", f"---\ncase: c\n---\n\n```datalog\n{stated}\n```\n")
        found = medproof.explain(base, chart, "medically_necessary", minimal=True)
        said = " ".join(str(exported(found, "text", Options("member"))).split())
        assert ("Elsewhere your records say something else" in said) == is_told and "nothing that speaks against" not in said


@pytest.mark.parametrize("form", ["graphml", "gexf", "dot", "mermaid", "svg"])
def test_a_form_that_holds_one_proof_takes_no_second_one_silently(form: str, base: medproof.Library) -> None:
    several = medproof.explain(base, medproof.open_case("reference"), "medically_necessary", best=3)
    with pytest.raises(CannotExport, match=f"`{form}` holds one proof, and there are 2: take text, markdown, json, html"):
        exported(several, form, Options())


@pytest.mark.parametrize("form", ["json", "graphml", "gexf"])
def test_data_is_the_same_for_everybody(form: str, reference: Explanation) -> None:
    with pytest.raises(CannotExport, match="leave out --for"):
        exported(reference, form, Options("member"))
