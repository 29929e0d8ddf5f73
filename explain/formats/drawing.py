"""Pictures by Graphviz (through pygraphviz, whose wheels carry it): kinds differ in shape and in colour."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from explain.explanations import Explanation
from explain.export.lines import visible
from explain.formats import CannotExport, Options
from explain.formats.headings import decided_by, heading, standing_lines
from explain.graph import ProofGraph
from explain.standing import STANDINGS

if TYPE_CHECKING:
    from pygraphviz import AGraph

LARGEST = 400
"""The most nodes that a picture is drawn of."""
_CAPTION_WIDTH = 110

COLOURS = {
    "conclusion": ("#d9f2e0", "#1b6e3a"), "rule": ("#eceff4", "#5b6577"), "fact": ("#dcebfb", "#1f5f99"),
    "absence": ("#fdf1d0", "#94690b"), "attempt": ("#f6f0f0", "#8a5a5a"), "comparison": ("#ffffff", "#5b6577"),
    "aggregate": ("#ebe3f7", "#5c3d94"),
}  # fmt: skip
"""Fill and line of each kind."""

_SHAPES = {
    "conclusion": "box", "rule": "component", "fact": "note", "absence": "octagon", "attempt": "component",
    "comparison": "ellipse", "aggregate": "folder",
}  # fmt: skip
_STYLES = {"conclusion": "rounded,filled", "absence": "filled,dashed", "attempt": "filled,dashed"}
KIND_NAMES = {
    "conclusion": "concluded", "rule": "by a rule", "fact": "stated", "absence": "absent", "attempt": "a rule that fails",
    "comparison": "compared", "aggregate": "counted",
}  # fmt: skip
FONT = "Helvetica"


def label_lines(data: Mapping[str, Any], width: int, is_member: bool = False) -> list[str]:
    """What a node of a picture says, wrapped."""
    text = visible(str((is_member and data.get("member")) or data["words"]))
    if data["kind"] in ("rule", "attempt"):
        # The document's id is shorter than its title; the page beside the picture has the title.
        text = visible(f"{data['section']} ({data['document']})")
    elif data["kind"] == "absence":
        text += f": {STANDINGS[data['standing']]}"
    elif data.get("locator"):
        text += f" ({data['locator']})"
    text = text if len(text) <= 300 else text[:297] + "…"
    more = [f"… {data['more']} more beneath"] if data.get("more") else []
    return [*textwrap.wrap(text, width), *more] or [""]


def pictured(explanation: Explanation, options: Options) -> ProofGraph:
    """The part of the proof that a picture is to show."""
    return explanation.proof.to_depth(options.depth) if options.depth else explanation.proof


def caption(explanation: Explanation, options: Options) -> list[str]:
    """What stands above a picture: what it is of, and by which documents; for a reviewer also what was answered."""
    lines = [explanation.title, decided_by(explanation)]
    if options.audience != "member":
        answers = [line for asked in explanation.proof.asked for line in heading(explanation, asked)]
        lines += [*explanation.notes, *answers, *standing_lines(explanation)]
    return [part for line in lines for part in textwrap.wrap(visible(line), _CAPTION_WIDTH)]


def drawn(explanation: Explanation, form: str, options: Options) -> bytes:
    """The picture as `svg`, `png` or `pdf`; raises CannotExport when nobody could read it."""
    return _drawn(pictured(explanation, options), form, caption(explanation, options), options.audience == "member")


def drawn_part(proof: ProofGraph) -> bytes:
    """The picture of one goal as SVG for a page, which has its own title and legend."""
    return _drawn(proof, "svg", [], is_member=False)


def element(picture: bytes) -> str:
    """An SVG picture as an element of a page: without its head."""
    text = picture.decode("utf-8")
    return text[text.index("<svg") :]


def refuse_large(proof: ProofGraph) -> None:
    """Raises CannotExport for a proof of which nobody could read a picture."""
    if len(proof.graph) > LARGEST:
        raise CannotExport(
            f"a picture of {len(proof.graph)} nodes is more than anybody reads (at most {LARGEST}); "
            "ask for --minimal, for a --depth, or for one atom further down"
        )


def _drawn(proof: ProofGraph, form: str, above: list[str], is_member: bool) -> bytes:
    refuse_large(proof)
    picture: bytes = agraph(proof, above, is_member).draw(format=form, prog="dot")
    return picture


def agraph(proof: ProofGraph, above: list[str], is_member: bool = False) -> AGraph:
    """The graph with labels, shapes and colours, for Graphviz; below a caption with a legend, or nothing `above` it."""
    from pygraphviz import AGraph

    graph = AGraph(directed=True, strict=True)
    label = "".join(f"{_escaped([line])}\\l" for line in above)
    graph.graph_attr.update(
        rankdir="TB", fontname=FONT, label=label, labelloc="t", labeljust="l", fontsize="14",
        nodesep="0.25", ranksep="0.35", ordering="out",
    )  # fmt: skip
    graph.node_attr.update(fontname=FONT, fontsize="11", margin="0.14,0.08")
    graph.edge_attr.update(fontname=FONT, fontsize="9", color="#5b6577", arrowsize="0.7")
    for node in proof.graph:
        data = proof.attributes(node)
        graph.add_node(node, label=_escaped(label_lines(data, 34, is_member)), id=node, tooltip=" ", **_look(data["kind"]))
    for source, target, data in proof.graph.edges(data=True):
        fails = {"label": "fails", "style": "dashed", "color": "#a02c2c"} if data["role"] == "fails" else {}
        graph.add_edge(source, target, **fails)
    if above:
        _add_legend(graph, sorted({proof.kind(node) for node in proof.graph}, key=list(COLOURS).index))
    return graph


def _look(kind: str) -> dict[str, str]:
    fill, line = COLOURS[kind]
    return {"shape": _SHAPES[kind], "style": _STYLES.get(kind, "filled"), "fillcolor": fill, "color": line}


def _add_legend(graph: AGraph, kinds: list[str]) -> None:
    names = []
    for kind in kinds:
        names.append(f"legend_{kind}")
        graph.add_node(names[-1], label=KIND_NAMES[kind], fontsize="9", **_look(kind))
    graph.add_subgraph(names, name="cluster_legend", label="legend", fontsize="9", color="#c3c8d1", rank="same")


def _escaped(lines: list[str]) -> str:
    """A label for Graphviz: a backslash begins an escape (`\\l` ends a line), and `<…>` would be taken for markup."""
    label = "\\n".join(line.replace("\\", "\\\\") for line in lines)
    return f" {label}" if label.startswith("<") else label
