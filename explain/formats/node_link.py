"""JSON in NetworkX's node-link form: what `medproof verify` checks, and NetworkX reads back to the same graph."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import networkx as nx

from explain.explanations import Explanation
from explain.formats import Options
from facts.opening import CaseProblem, open_case, shipped_cases
from kb.language.documents import Document


def export(explanation: Explanation, options: Options) -> str:
    """The graph; with several proofs a list of them."""
    data = [graph_data(proof.graph) for proof in explanation.proofs]
    return json.dumps(data[0] if len(data) == 1 else data, ensure_ascii=False, indent=1) + "\n"


def graph_data(graph: nx.DiGraph[str]) -> dict[str, Any]:
    """The graph as plain data."""
    data: dict[str, Any] = nx.node_link_data(graph, edges="edges")
    return data


def graph_of(data: Any) -> nx.DiGraph[str]:
    """The graph that plain data is; raises ValueError when it is none."""
    try:
        _refuse_doubles(data)
        return nx.DiGraph(nx.node_link_graph(data, edges="edges"))
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError, nx.NetworkXError) as error:
        raise ValueError("this is no proof as `medproof explain` exports it: no graph in node-link form") from error


def _refuse_doubles(data: Any) -> None:
    """Refuses what one reader would take for another thing than the next: nodes and edges that are told twice, other keys.

    Raises ValueError.
    """
    if data.keys() != {"directed", "multigraph", "graph", "nodes", "edges"} or data["multigraph"]:
        raise ValueError("a graph in node-link form has other keys")
    nodes = [each["id"] for each in data["nodes"]]
    edges = [(each["source"], each["target"]) for each in data["edges"]]
    if len(set(nodes)) < len(nodes) or len(set(edges)) < len(edges):
        raise ValueError("a node or an edge is told twice")


def told_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of JSON; raises ValueError when a key is told twice."""
    told = dict(pairs)
    if len(told) < len(pairs):
        raise ValueError("a key is told twice")
    return told


def read(text: str) -> list[nx.DiGraph[str]]:
    """The graphs in a JSON text; raises ValueError when it holds none."""
    try:
        data = json.loads(text.removeprefix("\ufeff"), object_pairs_hook=told_once)
    except RecursionError as error:
        raise ValueError("this is no proof as `medproof explain` exports it: it is nested too deeply") from error
    except ValueError as error:
        raise ValueError(f"this is no proof as `medproof explain` exports it: no JSON ({error})") from error
    return [graph_of(each) for each in (data if isinstance(data, list) else [data])]


def verified_lines(graph: nx.DiGraph[str], chart: str) -> list[str]:
    """What a proof that was verified says: of what, under which documents, and what it does not show."""
    about, lines = graph.graph, ["the proof holds, of:"]
    for goal in json.loads(about["goals"]):
        for root in goal["roots"]:
            data = graph.nodes[root]
            stands = f"absent ({data['standing']})" if data["kind"] == "absence" else "so"
            lines.append(f"  {data['atom']}: {stands}")
    lines.append(f"  payer {about['payer'] or 'not stated'}, on {about['on']}, chart {chart}; {len(graph)} nodes")
    for each in json.loads(about["assumptions"]):
        told = ", ".join("_" if value is False else "?" if value is None else value for value in each["row"])
        lines.append(f"  it assumes, beyond the chart: {each['relation']}({told})")
    if cut := sum(1 for node in graph if graph.nodes[node].get("cut")):
        lines.append(f"  {cut} nodes are not shown step by step; they were looked up in the certified model")
    lines.append("  that the record does not contradict it, and that all readings agree, `medproof decide` tells")
    return lines


def chart_of(about: Mapping[str, Any]) -> Document:
    """The chart that a proof says it is about: by its file, or else the shipped case of that name.

    Raises CaseProblem when neither is there.
    """
    try:
        files = [
            str(each["file"]) for each in json.loads(str(about.get("documents", "[]"))) if each["id"] == about.get("case")
        ]
    except (ValueError, TypeError, KeyError):
        files = []
    for name in (*files, str(about.get("case", ""))):
        if name in shipped_cases() or (name and Path(name).is_file()):
            return open_case(name)
    hint = "name it with --chart, or with --cohort the decided cohort that it is a case of"
    raise CaseProblem(f"the chart of the case `{about.get('case')}` is not here; {hint}")
