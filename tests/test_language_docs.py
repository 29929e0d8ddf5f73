"""Every example of docs/language.md is run, and its tables are held against the code.

The kind of an example is its fence's first words:

    datalog              the blocks of a `##` section are one document; with front matter, one of its own
    markdown             a document, or a chart when its front matter has a `case`
    … bad "code"         a document that has just these mistakes, each announced by a line `error: message`
    datalog test "name"  facts of the case c1 with expectations; `under PAYER on DAY` chooses the program
    datalog stops        facts of the case c1 that stop the evaluation, with the message announced
    text …               what the example before it gives: see `OUTPUTS`
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace
from datetime import date
from pathlib import Path

import pytest
from lark import Lark
from lark import Token as Terminal
from markdown_it import MarkdownIt
from markdown_it.token import Token

from authoring.running import is_met
from authoring.trials import Trial, expected, trials
from explain.determination import Answer, determine
from explain.verdicts import Verdict
from explain.wording import atom_text, words
from facts.readers.datalog import Chart, read_chart
from kb.compiled import Compiled
from kb.engines import engine
from kb.engines.model import EvaluationError
from kb.language import frontmatter
from kb.language.build import check, in_force
from kb.language.declarations import CRITERION_LABELS, GOAL_LABELS
from kb.language.diagnostics import Diagnostic
from kb.language.documents import Document, read
from kb.language.parser import split
from kb.language.printer import premise_text
from kb.language.symbols import PREDICATE_LABELS
from kb.library import Library
from kb.models import models

ROOT = Path(__file__).parent.parent
GRAMMAR = ROOT / "kb" / "language" / "grammar.lark"
DAY = date(2026, 1, 1)
CASE = "c1"


@dataclass(frozen=True)
class Example:
    """A fenced block, with the section that it stands in and the example before it."""

    section: str
    kind: str
    names: tuple[str, ...]
    text: str
    line: int
    before: Example | None

    @property
    def file(self) -> str:
        return f"line-{self.line}{'.md' if self.kind.startswith('markdown') else '.dl'}"

    @property
    def is_apart(self) -> bool:
        """Whether it is a document of its own."""
        return self.text.startswith("---")

    @property
    def datalog(self) -> str:
        """The statements of the example."""
        blocks = [token.content for _, token in tokens(self.text) if token.type == "fence"]
        return "\n".join(blocks) if self.file.endswith(".md") else self.text

    @property
    def announced(self) -> list[str]:
        """The messages that the example says it gives."""
        return re.findall(r"^\s*[%#] error: (.+)$", self.text, re.MULTILINE)


def tokens(markdown: str) -> Iterator[tuple[str, Token]]:
    """The tokens of a text, each with the `##` section that it stands in."""
    section = ""
    found = MarkdownIt("commonmark").enable("table").parse(markdown)
    for index, token in enumerate(found):
        if token.type == "heading_open" and token.tag == "h2":
            section = found[index + 1].content
        yield section, token


def read_examples() -> Iterator[Example]:
    before = None
    for section, token in tokens(TEXT):
        if token.type == "fence":
            kind, *names = token.info.strip().split(' "')
            line = (token.map or [0])[0] + 1
            example = Example(section, kind, tuple(name.rstrip('"') for name in names), token.content, line, before)
            yield example
            before = before if kind.startswith("text") else example


TEXT = (ROOT / "docs" / "language.md").read_text(encoding="utf-8")
EXAMPLES = tuple(read_examples())
SECTIONS = tuple(dict.fromkeys(example.section for example in EXAMPLES))


def of_kind(*kinds: str) -> list[object]:
    """The examples of these kinds, each a parameter named after its section and line."""
    chosen = [example for example in EXAMPLES if example.kind in kinds]
    return [pytest.param(each, id=f"{each.section}, line {each.line}") for each in chosen]


def documents(section: str) -> tuple[Document, ...]:
    """The documents that the right examples of a section are, charts among them."""
    right = [each for each in EXAMPLES if each.section == section and each.kind in ("datalog", "markdown")]
    apart = [each for each in right if each.is_apart]
    together = "\n".join(each.text for each in right if each not in apart)
    return (read("example.dl", together), *(read(each.file, each.text) for each in apart))


def mistakes(found: tuple[Document, ...]) -> list[Diagnostic]:
    """What is wrong with documents that are in force together, and with the charts among them."""
    wrong = list(Library(found).check([DAY]))
    for document in found:
        if document.meta.case:
            program, _ = check(in_force(found, document.meta.payer, DAY), document.meta.payer, DAY)
            wrong += read_chart(document, program)[1]
    return sorted(wrong)


def wrong_in(example: Example) -> list[Diagnostic]:
    """What is wrong when a document is added to those of its section."""
    return mistakes((*documents(example.section), read(example.file, example.text)))


@dataclass(frozen=True)
class Case:
    """The facts of a test, in the program that decides them."""

    trial: Trial
    compiled: Compiled
    chart: Chart


def case(example: Example) -> Case:
    payer, day = "", DAY
    if match := re.fullmatch(r"under (\S+)(?: on (\S+))?", " ".join(example.names)):
        payer, day = match[1], date.fromisoformat(match[2] or str(DAY))
    document = read("test.md", f'---\ncase: {CASE}\n---\n```datalog test "facts"\n{example.text}```\n')
    assert not document.findings
    [told] = trials(document)
    trial = replace(told, payer=payer, on=day)
    compiled = Library(documents(example.section)).compiled(payer, day)
    chart, wrong = read_chart(trial.chart, compiled.program)
    assert not wrong, "\n".join(map(str, wrong))
    return Case(trial, compiled, chart)


def failures(tested: Case) -> Iterator[str]:
    """What the expectations say and the models do not."""
    found = models(tested.compiled, tested.chart.facts, CASE, engine())
    wanted, wrong = expected(tested.trial, tested.compiled.program)
    assert not wrong, "\n".join(map(str, wrong))
    for each in wanted:
        right, so = is_met(found, each)
        if not right:
            yield f"{', '.join(map(premise_text, each.body))}: {so}"


# What a `text` block shows of the example before it


def answers(example: Example) -> Iterator[str]:
    """The answer to each question of a test, and under each reading where they differ."""
    tested = case(example)
    program = tested.compiled.program
    for answer in determine(tested.compiled, tested.chart.facts, CASE, "", engine()).answers:
        yield f"{atom_text(program, answer.question.relation, answer.question.row)}: {said(answer)}"
        for each in answer.readings:
            yield f"  {', '.join(reading.name for reading in each.readings)}: {each.verdict.value}"


def said(answer: Answer) -> str:
    if answer.verdict is not Verdict.MET:
        return str(answer.verdict.value)
    return "met, certain" if answer.certain else "met, rests on silence"


def sentences(example: Example, audience: str = "") -> Iterator[str]:
    """The facts of a test in words."""
    tested = case(example)
    for fact in tested.chart.facts:
        yield words(tested.compiled.program, fact.relation, fact.row, audience)


def sentences_for_members(example: Example) -> Iterator[str]:
    return sentences(example, "member")


def rule_ids(example: Example) -> Iterator[str]:
    """The ids of the rules of a document."""
    program, _ = check(documents(example.section), "", DAY)
    return (rule.id for rule in program.rules if rule.origin.file == example.file)


def places(example: Example) -> Iterator[str]:
    """Where each statement of a document stands, and the passage that it formalises."""
    document = read(example.file, example.text)
    for stated in document.statements:
        section = document.sections[stated.section]
        yield f"line {stated.node.place.line}: #{section.anchor}: {stated.passage}".rstrip()


OUTPUTS: dict[str, Callable[[Example], Iterator[str]]] = {
    "text answers": answers,
    "text words": sentences,
    "text member words": sentences_for_members,
    "text ids": rule_ids,
    "text places": places,
}
BAD = ("datalog bad", "markdown bad")


def test_every_example_is_of_a_known_kind() -> None:
    known = {"datalog", "markdown", "datalog test", "datalog stops", *BAD, *OUTPUTS}
    assert {example.kind for example in EXAMPLES} == known


@pytest.mark.parametrize("section", SECTIONS)
def test_the_right_examples_of_a_section_have_no_mistakes(section: str) -> None:
    assert "\n".join(map(str, mistakes(documents(section)))) == ""


@pytest.mark.parametrize("example", of_kind(*BAD))
def test_a_wrong_example_has_the_mistakes_that_it_announces(example: Example) -> None:
    found = wrong_in(example)
    assert [each.message for each in found] == example.announced
    assert tuple(dict.fromkeys(each.code for each in found)) == example.names


@pytest.mark.parametrize("example", of_kind("datalog test"))
def test_an_example_has_the_consequences_that_it_expects(example: Example) -> None:
    tested = case(example)
    assert tested.trial.test.statements
    assert list(failures(tested)) == []


@pytest.mark.parametrize("example", of_kind("datalog stops"))
def test_an_example_stops_with_the_message_that_it_announces(example: Example) -> None:
    tested = case(example)
    with pytest.raises(EvaluationError) as caught:
        models(tested.compiled, tested.chart.facts, CASE, engine())
    assert [str(caught.value)] == example.announced


@pytest.mark.parametrize("example", of_kind(*OUTPUTS))
def test_a_text_is_what_the_example_before_it_gives(example: Example) -> None:
    assert example.before is not None
    assert list(OUTPUTS[example.kind](example.before)) == example.text.splitlines()


# The tables


def rows(section: str) -> list[list[str]]:
    """The cells of the tables of a section, row by row, without their heads."""
    found: list[list[str]] = []
    in_cell = False
    for where, token in tokens(TEXT):
        if token.type == "tr_open" and where == section:
            found.append([])
        elif token.type == "inline" and in_cell and where == section:
            found[-1].append(token.content)
        in_cell = token.type == "td_open"
    return [row for row in found if row]


def codes_in_source() -> set[str]:
    """The code of every diagnostic that the language and the readers of facts make."""
    found: set[str] = set()
    for folder in ("kb/language", "facts/readers"):
        for path in (ROOT / folder).glob("*.py"):
            found.update(codes_in(ast.parse(path.read_text(encoding="utf-8"))))
    return found


def codes_in(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and len(node.args) > 1:
            called, code = node.func, node.args[1]
            name = called.id if isinstance(called, ast.Name) else getattr(called, "attr", "")
            if name in ("Finding", "_find") and isinstance(code, ast.Constant):
                yield str(code.value)


def test_the_table_of_diagnostics_has_each_code_of_the_source() -> None:
    listed = [row[0].strip("`") for row in rows("Diagnostics")]
    assert listed == sorted(codes_in_source())


def test_the_table_of_diagnostics_shows_messages_that_examples_give() -> None:
    given = {(found.code, found.message) for example in EXAMPLES if example.kind in BAD for found in wrong_in(example)}
    assert [row for row in rows("Diagnostics") if (row[0].strip("`"), row[2]) not in given] == []


def test_the_table_of_the_front_matter_has_each_key() -> None:
    known = {field.name for field in fields(frontmatter.Meta) if not field.name.startswith("reviewed")}
    assert {row[0].strip("`") for row in rows("Documents")} == known


def test_every_word_that_a_document_may_choose_from_is_named() -> None:
    choices = (*frontmatter.KINDS, *frontmatter.REVIEW_STATES, *PREDICATE_LABELS, *GOAL_LABELS, *CRITERION_LABELS)
    assert [word for word in choices if f"`{word}`" not in TEXT and word] == []


def test_every_construct_of_the_grammar_stands_in_an_example() -> None:
    text = GRAMMAR.read_text(encoding="utf-8")
    grammar = Lark(text, parser="lalr", keep_all_tokens=True)
    used: set[str] = set()
    for example in EXAMPLES:
        if example.kind in ("markdown", "datalog test") or (example.kind == "datalog" and not example.is_apart):
            for start, end in split(example.datalog):
                for part in grammar.parse(example.datalog[start:end]).iter_subtrees():
                    terminals = [child for child in part.children if isinstance(child, Terminal)]
                    used |= {str(part.data), *map(str, terminals), *(terminal.type for terminal in terminals)}
    names = {rule.alias or str(rule.origin.name) for rule in grammar.rules} - {"expr", "product", "factor"}
    names |= {terminal.name for terminal in grammar.terminals} - set(grammar.ignore_tokens)
    names |= set(re.findall(r'"(#[a-z]+)"', text))
    assert sorted(name for name in names - used if not name.startswith("_")) == []
