"""What an editor asks about a place in a document: what stands there, what may stand there, where else it stands."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from authoring.completing import argument_at, values_of
from authoring.editor.code import DOMAIN, PREDICATE, STATUSES, VALUE, VARIABLE, Name, statements
from authoring.editor.desk import Desk
from kb.language import syntax as s
from kb.language.documents import Document, blocks
from kb.language.parser import split
from kb.language.printer import value_source
from kb.language.program import BUILT_IN_TYPES, Domain, Predicate, Program
from kb.language.values import many

KEYWORDS = ("#fact", "#pred", "#domain", "#key", "#about", "#closed", "#planned", "#rare", "#goal", "#criterion", "#reading")
RESERVED = ("for", "not", *STATUSES)
AGGREGATES = ("#count", "#sum", "#min", "#max")


class NotRenamed(Exception):
    """Why something is not given the new name."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """Something that may be written, what it is (a kind of name, or `keyword`), and a line about it."""

    text: str
    kind: str
    about: str = ""


@dataclass(frozen=True, slots=True)
class Symbol:
    """A section of a document, or something that stands in it, with the line on which it begins and its last line."""

    name: str
    kind: str
    line: int
    last: int
    children: tuple[Symbol, ...] = ()


# What stands there


def hover(desk: Desk, path: str, name: Name) -> str:
    """What a name means, as Markdown; nothing if nobody knows."""
    document = desk.documents[path]
    program = desk.program(document)
    if name.kind == PREDICATE:
        predicate = _predicate(program, document, name.text)
        return "" if predicate is None else _predicate_text(program, predicate)
    if name.kind == DOMAIN:
        domain = program.domains.get(f"{document.meta.id}/{name.text}") or program.domains.get(name.text)
        return "" if domain is None else _domain_text(domain)
    if name.kind == VALUE:
        return "\n\n".join(_value_text(domain, name.text) for domain in program.domains.values() if _has(domain, name.text))
    types = list(dict.fromkeys(_types(program, document, desk, path, name)))
    return f"`{name.text}`: {' or '.join(types)}" if types else f"`{name.text}`: a variable"


def _predicate(program: Program, document: Document, name: str) -> Predicate | None:
    """The predicate that a name means in a document."""
    return program.predicates.get(f"{document.meta.id}/{name}") or program.by_local_name.get(name)


def _predicate_text(program: Program, predicate: Predicate) -> str:
    arguments = ", ".join(f"{each.name}: {each.type.rsplit('/', 1)[-1]}" for each in predicate.arguments)
    kind = "#fact" if predicate.is_fact else "#pred"
    parts = [f"```datalog\n{kind} {predicate.local_name}({arguments})\n```"]
    if predicate.wordings.get(""):
        parts.append(predicate.wordings[""])
    names = [each.name for each in predicate.arguments]
    if predicate.is_fact and predicate.case_position is not None:
        subject = ", ".join(names[position] for position in predicate.about)
        parts.append("A chart tells it whole." if predicate.closed else f"A chart can be silent on it, per {subject}.")
    if predicate.counts_by_record:
        parts.append("It counts by the record alone.")
    for key in predicate.keys:
        parts.append(f"One for each {', '.join(names[position] for position in key)}.")
    rules = [rule for sign in ("", "-") for rule in program.rules_for.get(sign + predicate.name, ())]
    if rules:
        parts.append(f"Concluded by {many(len(rules), 'rule')}.")
    if predicate.origin.passage:
        parts.append(f"> {predicate.origin.passage}")
    parts.append(f"*{predicate.origin.heading}*")
    return "\n\n".join(parts)


def _domain_text(domain: Domain) -> str:
    sign = " < " if domain.ordered else " | "
    both = "".join(f"\n\n`{value}` stands for each of {', '.join(parts)}" for value, parts in domain.parts.items())
    return f"```datalog\n#domain {domain.name.rsplit('/', 1)[-1]} = {sign.join(map(value_source, domain.values))}\n```{both}"


def _has(domain: Domain, value: str) -> bool:
    return value in domain.values or value in domain.parts


def _value_text(domain: Domain, value: str) -> str:
    name = domain.name.rsplit("/", 1)[-1]
    if value in domain.parts:
        return f"`{value}` of `{name}`: each of {', '.join(domain.parts[value])}"
    if domain.ordered:
        rank = domain.rank[value]
        around = domain.values[max(0, rank - 1) : rank + 2]
        return f"`{value}` of `{name}`: … {' < '.join(around)} …"
    return f"`{value}` of `{name}`"


def _types(program: Program, document: Document, desk: Desk, path: str, name: Name) -> Iterator[str]:
    """The types of the arguments at which a variable stands in its statement."""
    for statement in statements(path, document.text):
        for found in re.finditer(rf"\b{name.text}\b", statement.text):
            place = statement.block.place(statement.start + found.start(), statement.start + found.end())
            there = desk.name_at(path, place.line, place.column)
            if there is None or (there.kind, there.text, there.scope) != (VARIABLE, name.text, name.scope):
                continue
            inside = argument_at(statement.text[: found.start()])
            predicate = _predicate(program, document, inside[0]) if inside else None
            if inside and predicate is not None and inside[1] < len(predicate.arguments):
                yield predicate.arguments[inside[1]].type.rsplit("/", 1)[-1]


# What may stand there


def completions(desk: Desk, path: str, line: int, column: int) -> list[Proposal]:
    """What may be written at a place (both from 1): predicates, variables, values, types, keywords."""
    document = desk.documents[path]
    statement, before = _before(document, line, column)
    if before is None:
        return []
    program = desk.program(document)
    if re.search(r"#[a-z]*$", before):
        words = AGGREGATES if re.search(r":-|\?-", before) else KEYWORDS
        return [Proposal(word, "keyword") for word in words]
    if re.match(r"#(fact|pred)\b", before) and re.search(r":\s*\w*$", before) and "::" not in before:
        own = [name.rsplit("/", 1)[-1] for name in program.domains]
        return [Proposal(name, DOMAIN) for name in (*BUILT_IN_TYPES, *own)]
    inside = argument_at(re.sub(r"[\w\"]*$", "", before))
    if inside is not None:
        return [*_values(program, document, *inside), *_variables(statement)]
    if re.search(r"\?-\s*[a-z]*$", before):
        return [
            *(Proposal(word, "keyword") for word in ("not", *STATUSES)),
            *_predicates(program, document, facts_only=False),
        ]
    facts_only = bool(document.meta.case) or (":-" not in before and "?-" not in before and _in_test(document, line))
    return [*_predicates(program, document, facts_only), *([] if facts_only else _variables(statement))]


def _before(document: Document, line: int, column: int) -> tuple[str, str | None]:
    """The statement at a place, and what stands of it before the place; None when the place is no code."""
    for block in blocks(document.name, document.text):
        row = line - block.first_line
        lines = block.text.split("\n")
        if not 0 <= row < len(lines):
            continue
        indent = block.indents[row] if row < len(block.indents) else 0
        offset = sum(len(each) + 1 for each in lines[:row]) + min(max(0, column - 1 - indent), len(lines[row]))
        spans = list(split(block.text[:offset]))
        if not spans or block.text[spans[-1][1] - 1 : spans[-1][1]] == ".":
            return "", ""
        start = spans[-1][0]
        end = next((stop for first, stop in split(block.text) if first == start), len(block.text))
        return block.text[start:end], block.text[start:offset]
    return "", None


def _in_test(document: Document, line: int) -> bool:
    """Whether a line stands in a test."""
    opening = next((row for row in reversed(document.lines[: line - 1]) if row.lstrip().startswith("```")), "")
    return re.match(r"\s*```datalog\s+test\b", opening) is not None


def _values(program: Program, document: Document, name: str, position: int) -> Iterator[Proposal]:
    predicate = _predicate(program, document, name)
    if predicate is None or position >= len(predicate.arguments):
        return
    argument = predicate.arguments[position]
    if argument.type == "case" and document.meta.case:
        yield Proposal(value_source(document.meta.case), VALUE, "this case")
    for value in values_of(program, predicate.name, position):
        yield Proposal(value, VALUE, argument.type.rsplit("/", 1)[-1])
    if document.meta.case:
        yield Proposal("?", VALUE, "the record does not give it")


def _variables(statement: str) -> Iterator[Proposal]:
    found = re.findall(r"\b[A-Z]\w*", re.sub(r'"[^"\n]*"?|%[^\n]*', "", statement))
    for name in dict.fromkeys(found):
        yield Proposal(name, VARIABLE)


def _predicates(program: Program, document: Document, facts_only: bool) -> Iterator[Proposal]:
    own = f"{document.meta.id}/"
    for predicate in program.predicates.values():
        if "/" in predicate.name and not predicate.name.startswith(own):
            continue
        if facts_only and not (predicate.is_fact and predicate.case_position is not None):
            continue
        names = ", ".join(each.name for each in predicate.arguments)
        yield Proposal(predicate.local_name, PREDICATE, f"({names})")


# Where else it stands


def renamed(desk: Desk, path: str, name: Name, new: str) -> dict[str, list[Name]]:
    """The places that a new name goes to, by file. Raises NotRenamed."""
    if name.kind == VALUE:
        raise NotRenamed("a value is data that charts and rules share; it is not renamed here")
    pattern = r"[A-Z]\w*" if name.kind == VARIABLE else r"[a-z]\w*"
    if not re.fullmatch(pattern, new, re.ASCII):
        begins = "an upper-case" if name.kind == VARIABLE else "a lower-case"
        raise NotRenamed(f"the name of a {name.kind} begins with {begins} letter, and has letters, digits and `_` only")
    if name.kind == DOMAIN and name.text in BUILT_IN_TYPES:
        raise NotRenamed(f"`{name.text}` is a built-in type")
    entity = desk.entity(path, name)
    if new in RESERVED:
        raise NotRenamed(f"`{new}` is a word of the language")
    if name.kind == VARIABLE and desk.occurrences((entity[0], entity[1], new)):
        raise NotRenamed(f"`{new}` is in use already")
    if name.kind != VARIABLE and any(
        (each.kind, each.text) == (name.kind, new) for at in desk.documents for each in desk.names(at)
    ):
        # Wherever it is declared: a payer's own name hides a shared one.
        raise NotRenamed(f"`{new}` is in use already")
    found: dict[str, list[Name]] = {}
    for where, each in desk.occurrences(entity):
        if desk.is_shipped(where):
            raise NotRenamed(f"`{name.text}` stands in the shipped document {where}, which is not edited here")
        found.setdefault(where, []).append(each)
    return found


def symbols(document: Document) -> tuple[Symbol, ...]:
    """The sections of a document, each with what it declares, asks and concludes."""
    places = [(stated.section, stated.node) for stated in document.statements]
    starts = _section_lines(document)
    found = []
    for index, section in enumerate(document.sections):
        last = min((line for line in starts[index + 1 :] if line), default=len(document.lines) + 1) - 1
        inner = tuple(symbol for number, node in places if number == index for symbol in _symbol(node))
        if section.title:
            found.append(Symbol(section.title, "section", starts[index], max(last, starts[index]), inner))
        else:
            found += inner
    tests = [Symbol(test.name, "test", test.place.line, test.place.line) for test in document.tests]
    return (*found, *tests)


def _section_lines(document: Document) -> list[int]:
    """The line of each section's heading; 0 for what stands before the first."""
    found, line = [0], 0
    for section in document.sections[1:]:
        rows = range(line, len(document.lines))
        line = next((row + 1 for row in rows if _is_heading(document.lines[row], section.title)), line)
        found.append(line)
    return found


def _is_heading(line: str, title: str) -> bool:
    words = re.sub(r"[^\w]+", " ", title).split()
    return line.startswith("#") and re.sub(r"[^\w]+", " ", line).split()[: len(words)] == words


def _symbol(node: s.Statement) -> Iterable[Symbol]:
    line = node.place.line
    if isinstance(node, s.Rule):
        yield Symbol(node.head.predicate if node.head else "constraint", "rule", line, line)
    elif isinstance(node, s.PredicateDeclaration):
        yield Symbol(node.name, PREDICATE, line, line)
    elif isinstance(node, s.DomainDeclaration):
        yield Symbol(node.name, DOMAIN, line, line)
    elif isinstance(node, s.CriterionDeclaration):
        yield Symbol(node.id, "criterion", line, line)
    elif isinstance(node, s.GoalDeclaration):
        yield Symbol(node.atom.predicate, "goal", line, line)
