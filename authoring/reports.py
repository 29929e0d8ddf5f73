"""What a run of tests gave: for a reader, as data, and as JUnit's XML, which build servers read."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from xml.etree import ElementTree

from authoring.running import Result
from explain.export.lines import BAD, DIM, GOOD, WARN, Page, visible


def results_page(results: Iterable[Result], width: int = 80, verbose: bool = False) -> Page:
    """A line for each document, each failure with its place and why, then a count."""
    page, results = Page(width), list(results)
    for file in dict.fromkeys(each.file for each in results):
        here = [each for each in results if each.file == file]
        failed = sum(not each.passed for each in here)
        page.add(f"{file}: {len(here) - failed} passed{f', {failed} failed' if failed else ''}", BAD if failed else DIM)
        for each in here if verbose else ():
            page.add(f"{'✓' if each.passed else '✗'} {each.name} ({each.seconds * 1000:.0f} ms)", "", 2, 4)
    told: set[str] = set()
    for each in results:
        if not each.passed and not (each.mistakes and told.issuperset(each.mistakes)):
            _add_failures(page, each, told)
    not_run = sum(bool(each.mistakes) for each in results)
    if not_run:
        page.add()
        page.add(f"{not_run} test{'s' * (not_run != 1)} could not be run, for the mistakes above", BAD)
    page.add()
    if not results:
        page.add("no test was found, so nothing was tested", WARN)
        return page
    failed = sum(not each.passed for each in results)
    many = f"{len(results)} test{'s' * (len(results) != 1)}"
    page.add(f"{many}: {failed} failed" if failed else f"{many}: all passed", BAD if failed else GOOD)
    return page


def _add_failures(page: Page, result: Result, told: set[str]) -> None:
    """What is wrong; a mistake that many tests meet, in a policy, is told once."""
    page.add()
    page.add(f"✗ {result.name}", BAD)
    page.add(f"{result.file}, line {result.line}", DIM, 2)
    for mistake in result.mistakes:
        for line in mistake.split("\n") if mistake not in told else ():
            page.add_raw(line)
        told.add(mistake)
    for failure in result.failures:
        page.add(f"line {failure.line}: {failure.expectation}  It is: {failure.found}.", BAD, 2, 4)
        for line in failure.why.split("\n") if failure.why else ():
            page.add_raw(f"    {line}")


def results_data(results: Iterable[Result]) -> dict[str, Any]:
    """Every result, by its place."""
    return {
        "schema": "medproof/test/1",
        "tests": [
            {
                "id": each.id,
                "file": each.file,
                "line": each.line,
                "passed": each.passed,
                "seconds": round(each.seconds, 4),
                "failures": [
                    {"line": one.line, "expectation": one.expectation, "found": one.found, "why": one.why}
                    for one in each.failures
                ],
                "mistakes": list(each.mistakes),
            }
            for each in results
        ],
    }


def results_junit(results: Iterable[Result]) -> str:
    """A `testsuite` for each document, in the form that JUnit made common."""
    results = list(results)
    root = ElementTree.Element("testsuites")
    for file in dict.fromkeys(each.file for each in results):
        here = [each for each in results if each.file == file]
        wrong = sum(bool(each.failures) for each in here), sum(bool(each.mistakes) for each in here)
        suite = ElementTree.SubElement(
            root, "testsuite", name=file, tests=str(len(here)), failures=str(wrong[0]), errors=str(wrong[1])
        )
        for each in here:
            _add_case(suite, each)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _add_case(suite: ElementTree.Element, result: Result) -> None:
    case = ElementTree.SubElement(
        suite, "testcase", classname=result.file, name=visible(result.name), file=result.file,
        line=str(result.line), time=f"{result.seconds:.4f}",
    )  # fmt: skip
    for failure in result.failures:
        message = f"line {failure.line}: {failure.expectation} is {failure.found}"
        ElementTree.SubElement(case, "failure", message=visible(message)).text = _lines(failure.why)
    for mistake in result.mistakes:
        ElementTree.SubElement(case, "error", message="the test has mistakes").text = _lines(mistake)


def _lines(text: str) -> str:
    return "\n".join(map(visible, text.split("\n")))
