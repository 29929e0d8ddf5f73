"""The commands and code in README and docs do what they say."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

import medproof
from docs.make_pictures import PICTURES, picture

ROOT = Path(__file__).parent.parent


def blocks(name: str, language: str) -> list[str]:
    text = (ROOT / name).read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def test_the_page_of_the_api_names_all_of_it_and_nothing_else() -> None:
    text = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")
    assert set(medproof.__all__) <= set(re.findall(r"\w+", text))
    described = re.findall(r"(?:a list of|an?) `(\w+)`: ((?:`\w+`[^`|]*)+)", text)
    members = {kind: set(re.findall(r"`(\w+)`", told)) for kind, told in described if hasattr(medproof, kind)}
    there = {kind: {*dir(getattr(medproof, kind)), *getattr(medproof, kind).__dataclass_fields__} for kind in members}
    assert not {kind: unknown for kind, told in members.items() if (unknown := told - there[kind] - set(medproof.__all__))}


@pytest.mark.parametrize("name", ["README.md", "docs/python.md"])
def test_python_in_the_documents_runs(name: str) -> None:
    found = blocks(name, "python")
    assert found
    for code in found:
        result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
        assert result.returncode == 0, result.stderr


PAGES = ["README.md", "CONTRIBUTING.md", *(f"docs/{name}.md" for name in ("explanations", "json", "language", "python"))]


@pytest.mark.parametrize("name", PAGES)
def test_links_lead_to_files(name: str) -> None:
    page = ROOT / name
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_the_picture_of_the_result_in_the_readme_is_what_is_printed() -> None:
    from click.testing import CliRunner

    import cli

    printed = CliRunner().invoke(cli.main, ["decide", "reference"], env={"COLUMNS": "80"}).output.splitlines()
    [picture] = blocks("README.md", "text")
    shown = [line for line in picture.splitlines()[1:] if line.strip() and line.strip() != "..."]
    assert [line for line in shown if line not in printed] == []


def console(text: str) -> list[tuple[str, list[str]]]:
    """The commands of a page with the lines that it shows of what they print."""
    shown = [block.splitlines() for block in re.findall(r"```console\n(.*?)```", text, re.S)]
    return [(lines[0].removeprefix("$ medproof "), lines[1:]) for lines in shown]


EXPLANATIONS = (ROOT / "docs" / "explanations.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(("command", "shown"), console(EXPLANATIONS), ids=lambda each: each if isinstance(each, str) else "")
def test_what_the_page_on_explanations_shows_is_printed(command: str, shown: list[str]) -> None:
    from click.testing import CliRunner

    import cli

    result = CliRunner().invoke(cli.main, shlex.split(command), env={"COLUMNS": "100"})
    assert result.exit_code == 0
    assert [line for line in shown if line not in result.output.splitlines()] == []


@pytest.mark.parametrize("name", PICTURES)
def test_the_pictures_of_the_page_say_what_is_drawn_now(name: str) -> None:
    """The letters are compared and not their places, since fonts differ between machines."""
    there = (ROOT / "docs" / "pictures" / name).read_text(encoding="utf-8")
    assert labels(there) == labels(picture(name))
    assert f"pictures/{name}" in EXPLANATIONS


def labels(svg: str) -> list[str]:
    return sorted("".join(each.itertext()) for each in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text"))


def test_every_kind_attribute_and_role_of_the_graph_is_listed() -> None:
    base = medproof.load()
    for case, goal in (("reference", None), ("two-weeks", None), ("unstable", None)):
        graph = medproof.explain(base, medproof.open_case(case), goal).proof.graph
        used = {key for node in graph for key in graph.nodes[node]} | {graph.nodes[node]["kind"] for node in graph}
        used |= {graph.edges[edge]["role"] for edge in graph.edges} | set(graph.graph) - {"cut"}
        assert [word for word in sorted(used) if f"`{word}`" not in EXPLANATIONS] == []
