"""What the documents declare: domains and predicates, and which of them a document sees."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import TypeVar

from kb.language import syntax as s
from kb.language.diagnostics import Diagnostic, Finding, nearest
from kb.language.documents import Document, Stated
from kb.language.program import BUILT_IN_TYPES, Argument, Domain, Origin, Predicate

_Symbol = TypeVar("_Symbol", Domain, Predicate)


@dataclass(frozen=True)
class Source:
    """A statement in its document."""

    document: Document
    stated: Stated

    @property
    def node(self) -> s.Statement:
        """The statement itself."""
        return self.stated.node

    @property
    def origin(self) -> Origin:
        """Where it stands, as it is shown in proofs."""
        document, section = self.document, self.document.sections[self.stated.section]
        title = document.meta.title or document.meta.id
        return Origin(
            document.id, document.name, title, section.title, section.anchor, self.stated.passage, self.node.place.line
        )


@dataclass
class Report:
    """Collects what the checks find: at one place only the first mistake, since later ones follow from it."""

    found: dict[tuple[str, int, int], Diagnostic] = field(default_factory=dict)

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """What was found, sorted by place."""
        return tuple(sorted(self.found.values()))

    def add(self, source: Source, *findings: Finding) -> None:
        """Puts each finding in its place in the source's document."""
        for finding in findings:
            self.add_in(source.document, finding, source.stated.section)

    def add_in(self, document: Document, finding: Finding, section: int | None = None) -> None:
        """Puts a finding in its place in a document."""
        place = (document.name, finding.place.line, finding.place.column)
        if place not in self.found:
            self.found[place] = document.diagnostic(finding, section)

    def add_reading(self, documents: Iterable[Document]) -> None:
        """Puts what reading the documents brought to light in its place in each."""
        for document in documents:
            for finding in document.findings:
                self.add_in(document, finding)

    def take(self, diagnostics: Iterable[Diagnostic]) -> None:
        """Adds what another report found."""
        for each in diagnostics:
            self.found.setdefault((each.document, each.line, each.column), each)


@dataclass
class Symbols:
    """Domains and predicates by qualified name; a payer's document has its own scope."""

    domains: dict[str, Domain] = field(default_factory=dict)
    predicates: dict[str, Predicate] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)
    told_about: set[str] = field(default_factory=set)
    """The predicates whose subject a `#about` has given."""
    clashing: dict[tuple[str, str], Predicate] = field(default_factory=dict)
    """What a document declares although another declares it too: it counts there, so that uses are not reported as well."""

    def find_predicate(self, document: Document, name: str) -> Predicate | None:
        """The predicate that a name means in a document: its own, else a shared one."""
        own = self.clashing.get((document.name, name))
        return own or self.predicates.get(qualified(document, name)) or self.predicates.get(name)

    def find_domain(self, document: Document, name: str) -> Domain | None:
        """The domain that a type's name means in a document."""
        return self.domains.get(qualified(document, name)) or self.domains.get(name)

    def is_broken(self, document: Document, name: str) -> bool:
        """Whether the name is declared in a statement that could not be read."""
        return name in self.broken or qualified(document, name) in self.broken

    def visible(self, document: Document, table: Iterable[str]) -> list[str]:
        """The names of a table that a document may use, as it would write them."""
        prefix = qualified(document, "")
        return [name.removeprefix(prefix) for name in table if "/" not in name or (prefix and name.startswith(prefix))]


def qualified(document: Document, name: str) -> str:
    """What a payer's document declares is local to it: `aetna-cpb-0743/name`."""
    return f"{document.meta.id}/{name}" if document.meta.payer else name


def sources(documents: Iterable[Document]) -> Iterator[Source]:
    """Every statement of the documents, tests left out."""
    for document in documents:
        for stated in document.statements:
            yield Source(document, stated)


def declare(documents: tuple[Document, ...], report: Report) -> Symbols:
    """The symbols that the documents declare; what is wrong with a declaration goes to the report."""
    symbols = Symbols()
    for document in documents:
        symbols.broken |= {qualified(document, name) for name in document.broken_names}
    # What is shared is declared first, so that the order of the documents does not matter.
    everything = sorted(sources(documents), key=lambda source: bool(source.document.meta.payer))
    for source in everything:
        if isinstance(source.node, s.DomainDeclaration):
            _declare_domain(source, source.node, symbols, report)
    for source in everything:
        if isinstance(source.node, s.PredicateDeclaration):
            _declare_predicate(source, source.node, symbols, report)
    for source in everything:
        if isinstance(source.node, s.Property):
            _declare_property(source, source.node, symbols, report)
        elif isinstance(source.node, s.Flag):
            _declare_flag(source, source.node, symbols, report)
    return symbols


def _is_new(
    source: Source, kind: str, name: str, place: s.Place, find: Callable[[Document, str], _Symbol | None], report: Report
) -> bool:
    known = find(source.document, name)
    if known is None:
        return True
    related: tuple[tuple[str, str, int], ...] = ()
    if isinstance(known, Predicate):
        related = ((f"`{name}` is declared here", known.origin.file, known.origin.line),)
    message = f"{kind} `{name}` is declared twice"
    report.add(source, Finding(place, "duplicate", message, "remove one, or choose another name", related))
    return False


def _declare_domain(source: Source, node: s.DomainDeclaration, symbols: Symbols, report: Report) -> None:
    if not _is_new(source, "domain", node.name, node.place, symbols.find_domain, report):
        return
    if node.name in BUILT_IN_TYPES:
        report.add(source, Finding(node.place, "duplicate", f"`{node.name}` is a built-in type", "choose another name"))
        return
    values = tuple(member.name for member in node.members if not member.parts)
    parts = {member.name: member.parts for member in node.members if member.parts}
    seen: set[str] = set()
    for member in node.members:
        if member.name in seen:
            report.add(source, Finding(member.place, "duplicate", f"the domain has `{member.name}` twice"))
        seen.add(member.name)
        for part in set(member.parts) - set(values):
            message = f"`{part}` is not a value of the domain"
            report.add(source, Finding(member.place, "domain-value", message, nearest(part, values)))
    name = qualified(source.document, node.name)
    symbols.domains[name] = Domain(name, values, node.ordered, parts)


def _declare_predicate(source: Source, node: s.PredicateDeclaration, symbols: Symbols, report: Report) -> None:
    known = symbols.find_predicate(source.document, node.name)
    is_new = _is_new(source, "predicate", node.name, node.place, symbols.find_predicate, report)
    if known is not None and known.origin.file == source.document.name:
        return
    if node.kind == "fact" and source.document.meta.payer:
        message = "a payer's document declares no facts: no chart would know of them"
        report.add(source, Finding(node.place, "local-fact", message, "declare it in the shared vocabulary"))
    arguments, names = [], [parameter.name for parameter in node.parameters]
    for parameter in node.parameters:
        if names.count(parameter.name) > 1:
            report.add(source, Finding(parameter.place, "duplicate", f"argument `{parameter.name}` is named twice"))
        arguments.append(Argument(parameter.name, _type(source, parameter, symbols, report)))
    if sum(argument.type == "case" for argument in arguments) > 1:
        message = f"`{node.name}` has more than one argument of type `case`"
        report.add(source, Finding(node.place, "case-local", message, "a predicate speaks about one case"))
    wordings = texts_by_label(source, node.wordings, names, report, _strange)
    name = qualified(source.document, node.name)
    about = tuple(i for i, each in enumerate(arguments) if each.type not in ("date", "number", "?"))
    predicate = Predicate(name, tuple(arguments), node.kind == "fact", wordings, source.origin, about=about)
    if is_new:
        symbols.predicates[name] = predicate
    else:
        clash = replace(predicate, name=f"{source.document.name}//{node.name}")
        symbols.clashing[source.document.name, node.name] = symbols.predicates[clash.name] = clash


def _type(source: Source, parameter: s.Parameter, symbols: Symbols, report: Report) -> str:
    """The qualified type; `?` when it is not known, so that its uses are not reported as well."""
    if parameter.type in BUILT_IN_TYPES:
        return parameter.type
    if domain := symbols.find_domain(source.document, parameter.type):
        return domain.name
    if not symbols.is_broken(source.document, parameter.type):
        known = [*BUILT_IN_TYPES, *symbols.visible(source.document, symbols.domains)]
        hint = nearest(parameter.type, known) or "declare it with `#domain`"
        report.add(source, Finding(parameter.place, "unknown-type", f"`{parameter.type}` is not a type", hint))
    return "?"


PREDICATE_LABELS = ("", "member", "absent")


def _strange(wording: s.Wording) -> tuple[str, str] | None:
    """What is wrong with the label of a predicate's wording, and what to do."""
    if wording.label in PREDICATE_LABELS:
        return None
    return f"`{wording.label}` is not a kind of wording", 'use `:: "…"`, `:: member "…"` or `:: absent "…"`'


def texts_by_label(
    source: Source,
    wordings: tuple[s.Wording, ...],
    names: Iterable[str],
    report: Report,
    strange: Callable[[s.Wording], tuple[str, str] | None],
) -> dict[str, str]:
    """The texts of a declaration; reports labels that are `strange`, those given twice, and names that no argument has."""
    found: dict[str, str] = {}
    for wording in wordings:
        if problem := strange(wording):
            report.add(source, Finding(wording.place, "template", *problem))
        _check_template(source, wording, names, report)
        if wording.label in found:
            given = f"the wording `{wording.label}`" if wording.label else "the plain wording"
            report.add(source, Finding(wording.place, "duplicate", f"{given} is given twice", "keep one of the two"))
        found[wording.label] = wording.text
    return found


def _check_template(source: Source, wording: s.Wording, names: Iterable[str], report: Report) -> None:
    """Reports each `{Name}` of a template that names no argument."""
    names = list(names)
    for name in re.findall(r"\{([^{}]*)\}", wording.text):
        if name not in names:
            message = f"the wording's `{{{name}}}` names no argument"
            hint = nearest(name, names) or f"the arguments are {', '.join(names)}"
            report.add(source, Finding(wording.place, "template", message, hint))


def unknown_predicate(source: Source, atom: s.Atom, symbols: Symbols) -> Finding:
    """The finding for a predicate that nobody declares."""
    known = symbols.visible(source.document, symbols.predicates)
    hint = nearest(atom.predicate, known) or "declare it with `#fact` or `#pred`"
    return Finding(atom.place, "unknown-predicate", f"nothing declares `{atom.predicate}`", hint)


def _declare_property(source: Source, node: s.Property, symbols: Symbols, report: Report) -> None:
    predicate = symbols.find_predicate(source.document, node.atom.predicate)
    if predicate is None:
        if not symbols.is_broken(source.document, node.atom.predicate):
            report.add(source, unknown_predicate(source, node.atom, symbols))
        return
    names = [argument.name for argument in predicate.arguments]
    positions = []
    for term in node.atom.terms:
        if isinstance(term, s.Variable) and term.name in names:
            positions.append(names.index(term.name))
            continue
        message = f"this is not the name of an argument of `{predicate.local_name}`"
        hint = nearest(getattr(term, "name", ""), names) or f"the arguments are {', '.join(names)}"
        report.add(source, Finding(term.place, "unknown-argument", message, hint))
        return
    if not _may_describe(source, node.kind, predicate, node.place, report):
        return
    if node.kind == "about":
        if predicate.name in symbols.told_about:
            _twice(source, node.kind, predicate, node.place, report)
        symbols.told_about.add(predicate.name)
        symbols.predicates[predicate.name] = replace(predicate, about=tuple(positions))
    elif tuple(positions) in predicate.keys:
        _twice(source, node.kind, predicate, node.place, report)
    else:
        symbols.predicates[predicate.name] = replace(predicate, keys=(*predicate.keys, tuple(positions)))


def _declare_flag(source: Source, node: s.Flag, symbols: Symbols, report: Report) -> None:
    for name, place in node.names:
        predicate = symbols.find_predicate(source.document, name)
        if predicate is None:
            if not symbols.is_broken(source.document, name):
                report.add(source, unknown_predicate(source, s.Atom(name, (), False, place), symbols))
        elif _may_describe(source, node.kind, predicate, place, report):
            if getattr(predicate, node.kind):
                _twice(source, node.kind, predicate, place, report)
            symbols.predicates[predicate.name] = replace(
                predicate,
                closed=predicate.closed or node.kind == "closed",
                planned=predicate.planned or node.kind == "planned",
                rare=predicate.rare or node.kind == "rare",
            )


def _may_describe(source: Source, kind: str, predicate: Predicate, place: s.Place, report: Report) -> bool:
    """Whether a document may say this of a predicate; if not, why is reported."""
    if source.document.meta.payer and "/" not in predicate.name:
        message = f"a payer's document does not change what the shared predicate `{predicate.name}` means"
        report.add(source, Finding(place, "shared-predicate", message, f"put the `#{kind}` into a shared document"))
        return False
    if kind not in ("key", "closed") and not predicate.is_fact:
        message = f"`#{kind}` is said of facts, and `{predicate.local_name}` is concluded by rules"
        report.add(source, Finding(place, "not-a-fact", message, "say it of the facts that its rules ask for"))
        return False
    return True


def _twice(source: Source, kind: str, predicate: Predicate, place: s.Place, report: Report) -> None:
    message = f"`#{kind}` is said twice of `{predicate.local_name}`"
    report.add(source, Finding(place, "duplicate", message, "remove one of the two"))
