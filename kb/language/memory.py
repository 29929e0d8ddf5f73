"""What checking found out the time before, for those who check the same documents again and again: editors.

A rule that stays as it is, over predicates that stay as they are, needs no second look.
Statements are known by being the same object: the parser gives the same one for the same
text in the same place.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

from kb.language import syntax as s
from kb.language.declarations import criteria, goals, readings
from kb.language.diagnostics import Diagnostic
from kb.language.documents import Document, Section
from kb.language.frontmatter import Meta
from kb.language.program import Criterion, Goal, Origin, Predicate, Reading
from kb.language.symbols import Report, Source, Symbols, declare

Key = tuple[str, int, int, str]
"""A statement's document, its identity, its section and its passage."""


@dataclass(frozen=True)
class Declared:
    """What the documents declare and ask, and which texts a variable may be confused with."""

    symbols: Symbols
    goals: tuple[Goal, ...]
    criteria: tuple[Criterion, ...]
    readings: tuple[Reading, ...]
    known_values: frozenset[str]
    diagnostics: tuple[Diagnostic, ...]

    @cached_property
    def asked(self) -> frozenset[str]:
        """The predicates that goals ask for."""
        return frozenset(goal.atom.predicate for goal in self.goals)


@dataclass(frozen=True, slots=True)
class Looked:
    """What a look at one rule or fact found: it as it is checked (None if it has mistakes), and the mistakes.

    `uses` are the predicates that its names meant, and whether a goal asks for them;
    `confusable` its variables that were spelled like a value.
    """

    node: s.Rule
    rule: s.Rule | None
    origin: Origin
    uses: tuple[tuple[str, Predicate | None, bool], ...]
    variables: frozenset[str]
    confusable: frozenset[str]
    diagnostics: tuple[Diagnostic, ...]


@dataclass(frozen=True)
class _Seen:
    """What a look was at: the headings of the documents, names that could not be read, and all statements but rules."""

    headings: dict[str, tuple[Meta, tuple[Section, ...]]]
    broken: list[frozenset[str]]
    keys: list[Key]
    nodes: list[s.Statement] = field(compare=False)
    """Kept so that an identity stands for one statement only."""


@dataclass
class Memory:
    """The last look at some documents."""

    rules: dict[Key, Looked] = field(default_factory=dict)
    _seen: _Seen | None = None
    _found: Declared | None = None

    def declared(self, documents: tuple[Document, ...], everything: tuple[Source, ...]) -> Declared:
        """What the documents declare and ask; when that changed, the rules that it concerns are forgotten."""
        others = [source for source in everything if not (isinstance(source.node, s.Rule) and source.node.body)]
        now = _Seen(
            {each.name: (each.meta, each.sections) for each in documents},
            [each.broken_names for each in documents],
            list(map(key, others)),
            [source.node for source in others],
        )
        if self._found is None or self._seen is None or now != self._seen:
            found = _declared(documents, everything)
            is_near = self._found is not None and self._found.symbols.domains == found.symbols.domains
            headings = self._seen.headings if self._seen is not None and is_near else {}
            kept = {each.name: each for each in documents if headings.get(each.name) == now.headings[each.name]}
            self.rules = {
                name: looked
                for name, looked in self.rules.items()
                if name[0] in kept and _means_the_same(looked, kept[name[0]], found)
            }
            self._seen, self._found = now, found
        return self._found


def _means_the_same(looked: Looked, document: Document, declared: Declared) -> bool:
    """Whether a rule without mistakes still means what it meant; of one with mistakes the hints may be others."""
    if looked.rule is None or looked.variables & declared.known_values != looked.confusable:
        return False
    return all(meant(document, name, declared) == (name, *others) for name, *others in looked.uses)


def meant(document: Document, name: str, declared: Declared) -> tuple[str, Predicate | None, bool]:
    """What a name means in a document: a predicate, and whether a goal asks for it."""
    predicate = declared.symbols.find_predicate(document, name)
    return name, predicate, predicate is not None and predicate.name in declared.asked


def key(source: Source) -> Key:
    """What a statement is known by."""
    return source.document.name, id(source.node), source.stated.section, source.stated.passage


def _declared(documents: tuple[Document, ...], everything: tuple[Source, ...]) -> Declared:
    report = Report()
    symbols = declare(documents, report)
    asked = goals(everything, symbols, report)
    return Declared(
        symbols,
        asked,
        criteria(everything, asked, symbols, report),
        readings(everything, symbols, report),
        known_values(everything, symbols),
        report.diagnostics,
    )


def known_values(everything: Iterable[Source], symbols: Symbols) -> frozenset[str]:
    """The texts that a variable may be confused with: domain values and the constants of facts."""
    values = {value for domain in symbols.domains.values() for value in (*domain.values, *domain.parts)}
    for source in everything:
        if isinstance(source.node, s.Rule) and not source.node.body and source.node.head:
            terms = source.node.head.terms
            values |= {t.value for t in terms if isinstance(t, s.Constant) and isinstance(t.value, str)}
    return frozenset(value for value in values if value[:1].isupper())
