"""A document as its reader sees it: prose, with the rules that formalise it beside it, and its tests."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import quote

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup, escape

from authoring.coverage import Coverage, State
from authoring.editor.code import DOMAIN, PREDICATE, VALUE, VARIABLE, names
from explain.export.lines import visible
from kb.language import frontmatter
from kb.language.documents import Document, markdown

_STATES = {
    State.COVERED: "covered", State.EXCUSED: "covered", State.HALF: "half", State.UNREACHED: "unreached",
}  # fmt: skip
_WORST = ("unreached", "half", "covered")
_CLASSES = {PREDICATE: "p", DOMAIN: "d", VALUE: "t", VARIABLE: "v"}

Link = Callable[[str, str], str]
"""Where the declaration of a predicate or domain (its kind and name) is shown; nothing if nowhere."""


@dataclass(frozen=True, slots=True)
class CodeLine:
    """A line of code: its number in the document, itself, what the tests show of it, and in words what they do not."""

    number: int
    anchor: str
    code: Markup
    state: str
    remark: str


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of prose, and the code that stands right below it; `test` is the name of a test that the code is."""

    prose: Markup
    code: tuple[CodeLine, ...]
    test: str = ""


def page_name(document: Document) -> str:
    """The file of a document's page: another for each id, and none of the site's own."""
    name = re.sub(r"[^A-Za-z0-9_.@-]", lambda match: f"~{ord(match[0]):x}", document.id)
    return f"{name}-document.html" if name in ("index", "predicates") else f"{name}.html"


def address(document: Document, line: int) -> str:
    """Where a line of a document is shown."""
    return f"{quote(page_name(document))}#L{line}"


def parts(
    document: Document, link: Link, cover: Mapping[int, tuple[str, str]], pages: Mapping[str, str], prefix: str = ""
) -> Iterator[Part]:
    """A document from top to bottom.

    `cover`: by line what tests show; `pages`: by file name the pages of the site;
    `prefix` keeps the anchors of several documents on one page apart.
    """
    lines = list(document.lines)
    text = "\n".join(lines)
    _, _, start = frontmatter.read(document.name, text)
    marked = _Marked(document, link, cover, prefix)
    if document.name.endswith(".dl"):
        yield Part(Markup(""), marked.lines(start + 1, len(lines)))
        return
    renderer = MarkdownIt("commonmark")
    prose: list[Token] = []
    heading = 0
    for token in markdown(lines, start):
        if token.type == "heading_open":
            heading += 1
            token.attrSet("id", prefix + document.sections[heading].anchor)
        if token.type == "fence" and token.map and token.info.split()[:1] == ["datalog"]:
            named = re.fullmatch(r'datalog\s+test\s+"([^"]+)"\s*', token.info)
            code = marked.lines(token.map[0] + 2, token.map[0] + 1 + token.content.count("\n"))
            # Beside the code stands what it formalises: not what stands above the last heading.
            start_of_section = max((n for n, each in enumerate(prose) if each.type == "heading_open"), default=0)
            if start_of_section:
                yield Part(_html(renderer, prose[:start_of_section], pages), ())
            yield Part(_html(renderer, prose[start_of_section:], pages), code, named[1] if named else "")
            prose = []
        else:
            prose.append(token)
    yield Part(_html(renderer, prose, pages), ())


def _html(renderer: MarkdownIt, tokens: list[Token], pages: Mapping[str, str]) -> Markup:
    """Prose as markup: markdown-it escapes what it is not; links to other documents lead to their pages."""
    for token in tokens:
        if token.type == "html_block":
            token.type = "text"  # which is escaped; a comment is nothing that a reader sees
            token.content = re.sub(r"<!--.*?(-->|\Z)", "", token.content, flags=re.DOTALL)
        for inner in token.children or ():
            if inner.type == "html_inline":
                inner.type = "text"
            elif inner.type == "link_open":
                target = str(inner.attrs.get("href", ""))
                file, _, anchor = target.partition("#")
                if file.rsplit("/", 1)[-1] in pages:
                    inner.attrs["href"] = pages[file.rsplit("/", 1)[-1]] + (f"#{anchor}" if anchor else "")
                elif not re.match(r"https?:|mailto:|#", target):
                    inner.attrs.pop("href", None)  # a file that is not part of the site
            elif inner.type == "image":
                inner.attrs["src"] = ""
    return Markup(renderer.renderer.render(tokens, renderer.options, {}))


class _Marked:
    """The code of a document, line by line, with its names as links."""

    def __init__(self, document: Document, link: Link, cover: Mapping[int, tuple[str, str]], prefix: str) -> None:
        self.document = document
        self.prefix = prefix
        self.link = link
        self.cover = cover
        self.names: dict[int, list[tuple[int, int, str, str]]] = {}
        for name in names(document.name, document.text):
            place = name.place
            self.names.setdefault(place.line, []).append((place.column - 1, place.length, name.kind, name.text))

    def lines(self, first: int, last: int) -> tuple[CodeLine, ...]:
        """The lines from one to another."""
        made = []
        for number in range(first, min(last, len(self.document.lines)) + 1):
            state, remark = self.cover.get(number, ("", ""))
            made.append(CodeLine(number, f"{self.prefix}L{number}", self._line(number), state, remark))
        return tuple(made)

    def _line(self, number: int) -> Markup:
        text, made, at = self.document.lines[number - 1], Markup(""), 0
        for column, length, kind, name in sorted(self.names.get(number, ())):
            if column < at:
                continue  # a wording's `{Name}` within a text
            made += self._plain(text[at:column])
            shown = escape(visible(text[column : column + length]))
            target = self.link(kind, name) if kind in (PREDICATE, DOMAIN) else ""
            inner = Markup('<a href="{}">{}</a>').format(target, shown) if target else shown
            made += Markup('<span class="{}">{}</span>').format(_CLASSES[kind], inner)
            at = column + length
        return made + self._plain(text[at:])

    @staticmethod
    def _plain(text: str) -> Markup:
        code, comment, rest = text.partition("%")
        shown = Markup(re.sub(r"(#[a-z]+)", r'<span class="k">\1</span>', str(escape(visible(code)))))
        return shown + (Markup('<span class="c">{}</span>').format(visible(comment + rest)) if comment else Markup(""))


def covers(coverage: Coverage | None) -> dict[str, dict[int, tuple[str, str]]]:
    """By file and line: the state of the worst premise or criterion there, and what no test shows of it."""
    found: dict[str, dict[int, tuple[str, str]]] = {}

    def add(file: str, line: int, state: str, remark: str) -> None:
        former = found.setdefault(file, {}).get(line)
        if former is None:
            found[file][line] = state, remark
        else:
            worst = min((former[0], state), key=_WORST.index)
            found[file][line] = worst, "; ".join(filter(None, (former[1], remark)))

    for premise in coverage.premises if coverage else ():
        lacks = f"{premise.text}: {', '.join(premise.lacks)}" if premise.lacks else ""
        add(premise.file, premise.line, _STATES[premise.state], lacks)
    for criterion in coverage.criteria if coverage else ():
        origin = criterion.criterion.origin
        add(origin.file, origin.line, _STATES[criterion.state], criterion.lack)
    return found
