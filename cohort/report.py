"""A decided cohort for a reader: on a terminal, as data, and as a page with charts that stands by itself."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from markupsafe import Markup

from cohort.implausible import Implausible
from cohort.summary import Blocking, LeftOut, Summary, Verdicts, payer_name
from explain.export.documents import by_documents
from explain.export.lines import BAD, DIM, GOOD, TITLE, WARN, Page
from explain.formats.templates import environment, own
from kb.language.values import many

_MOST, _MOST_OF_DOCUMENT = 10, 5
_STYLES = {"met": GOOD, "undocumented": WARN, "disputed": WARN, "refuted": BAD, "conflicting": BAD}


def summary_page(of: Summary, width: int = 80) -> Page:
    """Verdicts, what blocks, what never fired, and how to open a case."""
    page = Page(width)
    page.add(f"{many(of.cases, 'case')} decided" + (f", {of.rejected:,} left out" if of.rejected else ""), TITLE)
    _add_left_out(page, of)
    for note in of.notes:
        page.add(note, WARN, 2, 2)
    if of.documents:
        page.add(by_documents(of.documents), DIM, 2, 2)
    for question, here in answers(of):
        total = sum(each.count for each in here)
        page.add()
        page.add(f"{question} ({total:,} asked)", TITLE)
        for each in here:
            page.add_raw(f"  {each.count:>12,}  {each.count / total:6.1%}  {each.answer}", _STYLES.get(each.verdict, DIM))
            for reading in _reading_lines(each):
                page.add_hung(f"read as {reading}", DIM, " " * 24, " " * 28)
        for payer in by_payer(here):
            counts = ", ".join(f"{count:,} {each.answer}" for each, count in payer.counts)
            page.add_hung(f"{payer.name} ({payer.asked:,} asked): {counts}", "", "    ", "        ")
    page.add()
    page.add("Criteria that block most, of the questions under them that are not met; first what blocks most alone", TITLE)
    for question, found in blocking_by_question(of):
        for document, those in by_document(found):
            page.add(f"{question}, by {document}", "", 2, 4)
            for blocking in those[:_MOST_OF_DOCUMENT]:
                share = f"{blocking.count / blocking.of:.0%} of {blocking.of:,}"
                page.add_hung(f"{_criterion_name(blocking)}: {share} ({_detail(blocking)})", "", "    ", "        ")
            page.add_more(len(those) - _MOST_OF_DOCUMENT, 4)
    if not of.blocking:
        page.add("none", DIM, 2)
    page.add()
    never = f"{len(of.never)} of {len(of.never) + len(of.fired)} rules never fired"
    page.add(never if of.never else "every rule fired" if of.fired else "no rule was tried", TITLE)
    for rule in of.never[:_MOST]:
        page.add(rule, DIM, 2, 4)
    page.add_more(len(of.never) - _MOST, 2)
    _add_implausible(page, of)
    with_cases = [each for each in of.verdicts if each.examples]
    if with_cases:
        example = next((each for each in with_cases if each.verdict == "met"), with_cases[0])
        page.add()
        page.add(f"A case and its proof (cases of each verdict stand in {of.output / 'report.html'}):")
        page.add_raw(f"  {command(of, example, example.examples[0])}", DIM)
    return page


_IMPLAUSIBLE = "Decided all the same: facts that are implausible, or cannot all be right"


def _add_left_out(page: Page, of: Summary) -> None:
    """What keeps cases from being decided."""
    if of.left_out:
        page.add(f"what cannot be taken, row by row, stands in {of.output / 'rejects.parquet'}:", WARN, 2, 2)
    for each in of.left_out[:_MOST]:
        page.add_hung(_left_out_text(each), WARN, "    ", "        ")
    page.add_more(len(of.left_out) - _MOST, 4)


def _add_implausible(page: Page, of: Summary) -> None:
    """What to look at in the records of cases that were decided."""
    if of.implausible:
        page.add()
        page.add(_IMPLAUSIBLE, TITLE)
    for each in of.implausible[:_MOST]:
        page.add(_implausible_text(each), WARN, 2, 4)
    page.add_more(len(of.implausible) - _MOST, 2)


def _left_out_text(left_out: LeftOut) -> str:
    """What is wrong in a table, how often, and where to look first."""
    place = ", column ".join(f"`{each}`" for each in (left_out.table, left_out.column) if each)
    said = f"{place}: {left_out.problem}" if place else left_out.problem
    counts = [many(left_out.rows, "row")] if left_out.rows else []
    counts += [many(left_out.cases, "case")] if left_out.cases else []
    shown = "; ".join(filter(None, (f"`{left_out.value}`" if left_out.value else "", left_out.hint)))
    example = f", such as `{left_out.example}`" if left_out.example else ""
    return f"{said}. In {' of '.join(counts)}{example}{f' ({shown})' if shown else ''}"


def _implausible_text(found: Implausible) -> str:
    """What is implausible, in how many cases, and one of them."""
    return f"`{found.tables}`: {found.problem}, in {many(found.cases, 'case')}, such as `{found.example}`"


def _reading_lines(verdicts: Verdicts) -> list[str]:
    """What each choice of readings makes of questions on which they differ, and how often."""
    names = dict.fromkeys(each.readings for each in verdicts.readings)
    counts = {
        name: ", ".join(f"{each.count:,} {each.reads}" for each in verdicts.readings if each.readings == name)
        for name in names
    }
    return [f"{name}: {said}" for name, said in counts.items()]


@dataclass(frozen=True)
class OfPayer:
    """How a question was answered under one payer."""

    name: str
    counts: tuple[tuple[Verdicts, int], ...]

    @property
    def asked(self) -> int:
        """How often it was asked."""
        return sum(count for _, count in self.counts)


def by_payer(verdicts: list[Verdicts]) -> list[OfPayer]:
    """The answers to a question payer by payer, where there are several."""
    payers = sorted({payer for each in verdicts for payer in each.payers})
    found = [
        OfPayer(payer_name(payer), tuple((each, each.payers[payer]) for each in verdicts if payer in each.payers))
        for payer in payers
    ]
    return found if len(found) > 1 else []


def answers(of: Summary) -> list[tuple[str, list[Verdicts]]]:
    """The verdicts question by question."""
    return [(question, [each for each in of.verdicts if each.question == name]) for name, question in _questions(of)]


def blocking_by_question(of: Summary) -> list[tuple[str, list[Blocking]]]:
    """The criteria that block, question by question."""
    found = ((question, [each for each in of.blocking if each.question == name]) for name, question in _questions(of))
    return [(question, blocking) for question, blocking in found if blocking]


def by_document(blocking: Iterable[Blocking]) -> list[tuple[str, list[Blocking]]]:
    """The criteria that block, document by document, in the order of their first."""
    found: dict[str, list[Blocking]] = {}
    for each in blocking:
        found.setdefault(each.criterion.origin.document, []).append(each)
    return list(found.items())


def _questions(of: Summary) -> list[tuple[str, str]]:
    """The questions that were asked, by name and as they read, in the order of the verdicts."""
    return [(name, name.replace("_", " ")) for name in dict.fromkeys(each.question for each in of.verdicts)]


def _detail(blocking: Blocking) -> str:
    counts = [
        (blocking.met, "met"), (blocking.undocumented, "undocumented"), (blocking.refuted, "refuted"),
        (blocking.conflicting, "conflicting"),
    ]  # fmt: skip
    return ", ".join([*(f"{count:,} {word}" for count, word in counts if count), f"{blocking.alone:,} alone"])


def _criterion_name(blocking: Blocking) -> str:
    """A criterion by its label and its section."""
    label, origin = blocking.criterion.label, blocking.criterion.origin
    number, _, title = origin.section.partition(" ")
    # Sections are numbered as their criteria are, some without what the whole document's numbers begin with.
    section = title if label.endswith(number) else origin.section
    return f"{label} {section}{', which excludes' if blocking.excludes else ''}"


def policy_options(policies: Iterable[Path]) -> list[str]:
    """What to type after a command that is to take the same documents."""
    return [text for path in policies for text in ("--policies", str(path))]


def command(of: Summary, verdicts: Verdicts, example: tuple[str, str]) -> str:
    """What to type to see the proof of an answer."""
    policies = policy_options(of.policies)
    asked = [example[0], verdicts.question]
    # After `--` comes no option, whatever a name begins with.
    words = [*policies, "--", *asked] if example[0].startswith("-") else [*asked, *policies]
    return shlex.join(["medproof", "explain", "--cohort", str(of.output), *words])


def summary_data(of: Summary) -> dict[str, Any]:
    """Everything, with every rule."""
    return {
        "schema": "medproof/cohort/1",
        "output": str(of.output),
        "source": of.source,
        "cases": of.cases,
        "rejected": of.rejected,
        "silent": of.silent,
        "notes": list(of.notes),
        "left_out": [asdict(each) for each in of.left_out],
        "implausible": [asdict(each) for each in of.implausible],
        "documents": [{"id": each.full_id, "review": each.review} for each in of.documents],
        "verdicts": [
            {
                "question": each.question, "verdict": each.verdict, "reads": each.reads, "certain": each.certain,
                "count": each.count,
                "payers": dict(each.payers), "readings": [asdict(one) for one in each.readings],
                "examples": [{"case": case, "item": item} for case, item in each.examples],
            }
            for each in of.verdicts
        ],
        "blocking": [
            {
                "criterion": each.criterion.id, "excludes": each.excludes, "question": each.question, "of": each.of,
                "met": each.met, "undocumented": each.undocumented, "refuted": each.refuted,
                "conflicting": each.conflicting, "alone": each.alone,
            }
            for each in of.blocking
        ],
        "rules": [{"rule": rule, "conclusions": count} for rule, count in (*of.fired, *((rule, 0) for rule in of.never))],
    }  # fmt: skip


def summary_html(of: Summary) -> str:
    """The page; its charts are plain bars, and every text is escaped."""
    questions = [
        {
            "name": question,
            "total": sum(each.count for each in here),
            "rows": [
                {
                    "verdict": each,
                    "readings": _reading_lines(each),
                    "commands": [command(of, each, one) for one in each.examples],
                }
                for each in here
            ],
            "payers": by_payer(here),
        }
        for question, here in answers(of)
    ]
    blocking = [
        (f"{question}, by {document}", [{"name": _criterion_name(each), "of": each} for each in here])
        for question, found in blocking_by_question(of)
        for document, here in by_document(found)
    ]
    return filled(
        "report.html",
        title=f"A cohort of {many(of.cases, 'case')}",
        of=of,
        decided_by=by_documents(of.documents),
        questions=questions,
        blocking=blocking,
        left_out=[_left_out_text(each) for each in of.left_out],
        implausible_title=_IMPLAUSIBLE,
        implausible=[_implausible_text(each) for each in of.implausible],
    )


def filled(template: str, **values: object) -> str:
    """A page of a cohort: a template, filled."""
    here = Path(__file__).parent
    style = own("page.css") + Markup((here / "report.css").read_text(encoding="utf-8"))
    return environment(here).get_template(template).render(style=style, **values)
