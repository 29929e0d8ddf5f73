"""Who declares, concludes and uses each predicate: the index of a site, and the picture of a document's dependencies."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from markupsafe import Markup

from authoring.site.text import address
from explain.export.lines import visible
from explain.formats.drawing import FONT, element
from kb.language import syntax as s
from kb.language.documents import Document

_LARGEST = 120
"""More predicates than this make no picture that anybody reads."""


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A statement as the index names it: where it is shown, and in words."""

    address: str
    words: str


@dataclass
class Entry:
    """A predicate: how it is declared, and where it is concluded and used; `key` is its anchor."""

    key: str
    name: str
    kind: str
    signature: str
    wording: str
    declared: Place
    concluded: list[Place] = field(default_factory=list)
    used: list[Place] = field(default_factory=list)
    stated: list[Place] = field(default_factory=list)


def entries(documents: Iterable[Document], others: Iterable[Document] = ()) -> dict[str, Entry]:
    """The predicates of documents by key, a payer's own with the document's id before it; of others those they use."""
    documents, others = list(documents), list(others)
    found: dict[str, Entry] = {}
    for document in (*documents, *others):
        for stated in document.statements:
            node = stated.node
            if isinstance(node, s.PredicateDeclaration):
                key = f"{document.id}/{node.name}" if document.meta.payer else node.name
                arguments = ", ".join(f"{each.name}: {each.type}" for each in node.parameters)
                wording = next((each.text for each in node.wordings if not each.label), "")
                place = _place(document, stated.section, node.place.line)
                if document in others:
                    place = replace(place, address="")
                signature = f"#{node.kind} {node.name}({arguments})"
                found.setdefault(key, Entry(key, node.name, node.kind, signature, wording, place))
    for document in documents:
        for stated in document.statements:
            if isinstance(stated.node, s.Rule):
                _add(found, document, stated.node, _place(document, stated.section, stated.node.place.line))
    return {key: entry for key, entry in found.items() if entry.declared.address or entry.concluded or entry.used}


def _add(found: dict[str, Entry], document: Document, rule: s.Rule, place: Place) -> None:
    if rule.head is not None:
        entry = found.get(key_of(found, document, rule.head.predicate))
        if entry is not None:
            (entry.concluded if rule.body else entry.stated).append(place)
    for name in dict.fromkeys(literal.atom.predicate for literal in s.literals(rule.body)):
        entry = found.get(key_of(found, document, name))
        if entry is not None:
            entry.used.append(place)


def key_of(found: dict[str, Entry], document: Document, name: str) -> str:
    """The key of the predicate that a name means in a document."""
    own = f"{document.id}/{name}"
    return own if own in found else name


def _place(document: Document, section: int, line: int) -> Place:
    title = document.sections[section].title or document.meta.title
    return Place(address(document, line), f"{document.id}, {title}, line {line}")


def picture(document: Document, found: dict[str, Entry], page: str) -> Markup:
    """The predicates that a document's rules conclude, with what they use; nothing for a document without rules."""
    edges: dict[tuple[str, str], bool] = {}
    heads: dict[str, None] = {}
    for rule in (stated.node for stated in document.statements if isinstance(stated.node, s.Rule) and stated.node.body):
        if rule.head is None:
            continue
        head = key_of(found, document, rule.head.predicate)
        heads[head] = None
        for literal in s.literals(rule.body):
            edge = head, key_of(found, document, literal.atom.predicate)
            edges[edge] = edges.get(edge, True) and literal.negated
    nodes = list(dict.fromkeys([*heads, *(below for _, below in edges)]))
    if not edges or len(nodes) > _LARGEST:
        return Markup("")
    return _drawn(document, found, page, nodes, set(heads), edges)


def _drawn(
    document: Document,
    found: dict[str, Entry],
    page: str,
    nodes: list[str],
    heads: set[str],
    edges: dict[tuple[str, str], bool],
) -> Markup:
    from pygraphviz import AGraph

    criteria = {
        key_of(found, document, stated.node.atom.predicate): stated.node.label
        for stated in document.statements
        if isinstance(stated.node, s.CriterionDeclaration)
    }
    graph = AGraph(directed=True, strict=True)
    graph.graph_attr.update(rankdir="LR", fontname=FONT, nodesep="0.12", ranksep="0.5", bgcolor="transparent")
    graph.node_attr.update(fontname=FONT, fontsize="11", margin="0.1,0.05", style="filled", color="#5b6577")
    graph.edge_attr.update(color="#5b6577", arrowsize="0.6")
    for key in nodes:
        entry = found.get(key)
        fill = "#d9f2e0" if key in criteria else "#eceff4" if key in heads else "#dcebfb"
        shape = "note" if entry is not None and entry.kind == "fact" else "box"
        label = visible(f"{criteria[key]}: {_short(key)}" if key in criteria else _short(key)).replace("\\", "\\\\")
        graph.add_node(key, label=label, shape=shape, fillcolor=fill, tooltip=" ", URL=f"{page}#{key}" if entry else "")
    for (head, below), is_negated in edges.items():
        graph.add_edge(head, below, **({"style": "dashed", "color": "#a02c2c"} if is_negated else {}))
    drawn: bytes = graph.draw(format="svg", prog="dot")
    return Markup(element(drawn).replace("xlink:href", "href"))


def _short(key: str) -> str:
    return key.rsplit("/", 1)[-1]
