"""A Program in the input language of clingo: an independent oracle, and a door for people who want to leave.

Ordered domains become ranks, numbers scaled integers (clingo's have 32 bits), dates
days since 0001-01-01, texts strings; `-p` is renamed `neg_p`. `?` is `#inf` and the
`_` of a denial `#sup`, which no value equals; so each variable that a literal binds
is tested against `#inf`, as the language says that only `_` matches `?`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from kb.language import syntax as s
from kb.language.bounds import plain
from kb.language.program import Program
from kb.language.values import ANY, UNKNOWN, Row, Value
from kb.language.variables import shared_variables, with_binders

_UNKNOWN, _ANY = "#inf", "#sup"


class NotTranslatable(Exception):
    """A construct or a value that clingo's input language cannot hold: the aggregates of a rewritten program."""


def predicate_name(relation: str) -> str:
    """The clingo name of a relation; distinct for distinct relations."""
    name = "neg_" + relation[1:] if relation.startswith("-") else "pos_" + relation
    return re.sub(r"[^A-Za-z0-9_]", lambda match: f"_{ord(match[0]):x}_", name)


@dataclass
class Encoder:
    """Values of the language as clingo terms, and back by `decode`."""

    program: Program
    scale: int
    _known: dict[str, Value] = field(default_factory=dict)

    def value(self, value: Value, kind: str) -> str:
        """The term for a value of a type."""
        text = self._text(value, kind)
        self._known[f"{kind} {text}"] = value
        return text

    def _text(self, value: Value, kind: str) -> str:
        if value is UNKNOWN or value is ANY:
            return _UNKNOWN if value is UNKNOWN else _ANY
        if isinstance(value, Decimal):
            scaled = value * self.scale
            if scaled != int(scaled) or abs(scaled) >= 2**31:
                raise NotTranslatable(f"{value} does not fit clingo's integers at scale {self.scale}")
            return str(int(scaled))
        if isinstance(value, date):
            return str(value.toordinal())
        domain = self.program.domains.get(kind)
        if domain is not None and domain.ordered:
            return str(domain.rank[str(value)])
        escaped = str(value).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        return f'"{escaped}"'

    def decode(self, text: str, kind: str) -> Value:
        """The value of a term that clingo printed."""
        if text in (_UNKNOWN, _ANY):
            return UNKNOWN if text == _UNKNOWN else ANY
        if kind == "number":
            return Decimal(int(text)) / self.scale
        if kind == "date":
            return date.fromordinal(int(text))
        domain = self.program.domains.get(kind)
        if domain is not None and domain.ordered:
            return domain.values[int(text)]
        return text[1:-1].replace("\\n", "\n").replace('\\"', '"').replace("\\\\", "\\")


def clingo_source(program: Program, relations: Mapping[str, Iterable[Row]], scale: int = 1) -> str:
    """The rules and the given relations as one clingo program; raises NotTranslatable."""
    encoder = Encoder(program, scale)
    lines = [line for name, rows in sorted(relations.items()) for line in _facts(encoder, name, rows)]
    for number, rule in enumerate(program.rules):
        lines += _Rule(encoder, number).lines(rule.rule)
    used = {premise.atom for rule in program.rules for premise in s.literals(rule.rule.body)}
    arities = {(predicate_name(atom.relation), len(atom.terms)) for atom in used}
    lines += [f"#defined {name}/{arity}." for name, arity in sorted(arities)]
    return "\n".join(lines) + "\n"


def _facts(encoder: Encoder, relation: str, rows: Iterable[Row]) -> Iterator[str]:
    types = [argument.type for argument in encoder.program.predicate(plain(relation)).arguments]
    for row in sorted(rows, key=str):
        terms = [encoder.value(value, kind) for value, kind in zip(row, types, strict=True)]
        yield f"{predicate_name(relation)}({', '.join(terms)})." if terms else f"{predicate_name(relation)}."


class _Rule:
    """One rule; `before` collects rules for what it needs of its own."""

    def __init__(self, encoder: Encoder, number: int) -> None:
        self._encoder = encoder
        self._number = number
        self._count = 0
        self._types: dict[str, str] = {}
        self._before: list[str] = []

    def lines(self, rule: s.Rule) -> list[str]:
        """The clingo rules for a rule."""
        assert rule.head is not None
        for literal in s.literals(rule.body):
            for term, kind in zip(literal.atom.terms, self._kinds(literal.atom), strict=True):
                if isinstance(term, s.Variable):
                    self._types.setdefault(term.name, kind)
        body = self._body(rule.body)
        head = self._atom(rule.head, self._kinds(rule.head))
        return [*self._before, f"{head} :- {', '.join(body)}." if body else f"{head}."]

    def _kinds(self, atom: s.Atom) -> list[str]:
        """The types of an atom's arguments; those of its variables for a relation that no document declares."""
        predicate = self._encoder.program.predicates.get(plain(atom.relation).removeprefix("-"))
        if predicate is None:
            return [self._types.get(t.name, "text") if isinstance(t, s.Variable) else "text" for t in atom.terms]
        return [argument.type for argument in predicate.arguments]

    def _atom(self, atom: s.Atom, kinds: list[str]) -> str:
        terms = [self._term(term, kind) for term, kind in zip(atom.terms, kinds, strict=True)]
        return f"{predicate_name(atom.relation)}({', '.join(terms)})" if terms else predicate_name(atom.relation)

    def _term(self, term: s.Term, kind: str) -> str:
        if isinstance(term, s.Constant):
            return self._encoder.value(term.value, kind)
        if isinstance(term, s.Variable):
            return _variable(term.name)
        left, right = self._term(term.left, self._kind(term.left)), self._term(term.right, self._kind(term.right))
        kinds = self._kind(term.left), self._kind(term.right)
        scale = self._encoder.scale
        if term.op == "*":
            return f"(({left} * {right}) / {scale})"
        if kinds == ("date", "date"):
            return f"(({left} - {right}) * {scale})"
        if kinds == ("date", "number"):
            return f"({left} {term.op} {right} / {scale})"
        if kinds == ("number", "date"):
            return f"({right} + {left} / {scale})"
        return f"({left} {term.op} {right})"

    def _kind(self, term: s.Term) -> str:
        if isinstance(term, s.Variable):
            return self._types.get(term.name, "text")
        if isinstance(term, s.Constant):
            return "number" if isinstance(term.value, Decimal) else "date" if isinstance(term.value, date) else "text"
        kinds = {self._kind(term.left), self._kind(term.right)}
        is_days = term.op == "-" and self._kind(term.left) == self._kind(term.right) == "date"
        return "date" if "date" in kinds and not is_days else "number"

    def _body(self, body: tuple[s.Premise, ...]) -> list[str]:
        """Literals first, since they bind; `columns` are the places of lenient literals that a variable meets in."""
        result: list[str] = []
        columns: dict[str, list[str]] = {}
        for literal in s.listing(body):
            result += self._listed(literal, columns)
        for premise in body:
            if isinstance(premise, s.Comparison) and premise.lenient and premise.op == "=":
                result += self._computed(premise, columns)
        result += self._met(columns)
        for premise in body:
            if isinstance(premise, s.Comparison):
                result += [] if premise.lenient and premise.op == "=" else self._comparison(premise)
            elif isinstance(premise, s.Aggregate):
                result += self._aggregate(premise, body)
        for literal in (premise for premise in body if isinstance(premise, s.Literal) and not premise.lists):
            # The domain of the test is everything before it, which binds its variables.
            result.append(self._test(literal, result))
        return result

    def _listed(self, literal: s.Literal, columns: dict[str, list[str]]) -> list[str]:
        if literal.lenient:
            return self._loose(literal, columns)
        named = [t.name for t in literal.atom.terms if isinstance(t, s.Variable) and not t.is_anonymous]
        guards = [f"{_variable(name)} != {_UNKNOWN}" for name in dict.fromkeys(named)]
        return [self._atom(literal.atom, self._kinds(literal.atom)), *guards]

    def _loose(self, literal: s.Literal, columns: dict[str, list[str]]) -> list[str]:
        names, guards = [], []
        for term, kind in zip(literal.atom.terms, self._kinds(literal.atom), strict=True):
            name = self._fresh()
            names.append(name)
            if isinstance(term, s.Constant):
                guards.append(_any_of(f"{name} = {_UNKNOWN}", f"{name} = {self._term(term, kind)}"))
            elif isinstance(term, s.Variable):
                columns.setdefault(term.name, []).append(name)
        relation = predicate_name(literal.atom.relation)
        return [f"{relation}({', '.join(names)})" if names else relation, *guards]

    def _met(self, columns: dict[str, list[str]]) -> Iterator[str]:
        """A variable is the one value that its columns know, or `?` when none does."""
        for name, places in columns.items():
            yield f"{_variable(name)} = #max {{ {'; '.join(places)} }}"
            if len(places) > 1:
                yield f"#count {{ {'; '.join(f'{place} : {place} != {_UNKNOWN}' for place in places)} }} <= 1"

    def _computed(self, premise: s.Comparison, columns: dict[str, list[str]]) -> list[str]:
        """`V = …` is one more place that V meets in; its value is `?` when a variable of it is."""
        flip = not isinstance(premise.left, s.Variable)
        target, term = (premise.right, premise.left) if flip else (premise.left, premise.right)
        if not isinstance(target, s.Variable):
            return self._comparison(premise)
        self._types.setdefault(target.name, premise.type)
        place = self._fresh()
        columns.setdefault(target.name, []).append(place)
        known = ", ".join(f"{_variable(v.name)} != {_UNKNOWN}" for v in s.term_variables(term))
        value = self._term(term, premise.type)
        return [f"{place} = #max {{ {_UNKNOWN}; {value}{' : ' if known else ''}{known} }}"]

    def _comparison(self, premise: s.Comparison) -> list[str]:
        kinds = premise.type or self._kind(premise.left)
        left, right = self._term(premise.left, kinds), self._term(premise.right, kinds)
        for side in (premise.left, premise.right):
            if isinstance(side, s.Variable):
                self._types.setdefault(side.name, kinds)
        names = dict.fromkeys(_variable(v.name) for v in s.premise_variables(premise))
        if not premise.lenient:
            return [f"{left} {premise.op} {right}", *(f"{name} != {_UNKNOWN}" for name in names)]
        return [_any_of(*(f"{name} = {_UNKNOWN}" for name in names), f"{left} {premise.op} {right}")]

    def _aggregate(self, premise: s.Aggregate, around: tuple[s.Premise, ...]) -> list[str]:
        """An aggregate over elements that a rule of their own concludes: clingo's take no aggregates, and no tests."""
        if premise.lower is not None:
            raise NotTranslatable("an aggregate between two bounds")
        groups = sorted(shared_variables(premise, around))
        of_terms = [variable.name for term in premise.terms for variable in s.term_variables(term)]
        body = self._body(with_binders(premise.body, (*groups, *of_terms), around))
        kinds = [premise.type if premise.function in ("min", "max") else self._kind(t) for t in premise.terms]
        terms = [self._term(term, kind) for term, kind in zip(premise.terms, kinds, strict=True)]
        element, names = self._name("elements"), [self._fresh() for _ in terms]
        outer = [_variable(name) for name in groups]
        self._before.append(f"{element}({', '.join([*outer, *terms])}) :- {', '.join(body)}.")
        text = f"#{premise.function} {{ {', '.join(names)} : {element}({', '.join([*outer, *names])}) }}"
        bound = self._term(premise.bound, premise.type)
        if isinstance(premise.bound, s.Variable):
            self._types.setdefault(premise.bound.name, premise.type)
        if premise.function == "count" and self._encoder.scale > 1:
            fresh = self._fresh()
            return [f"{fresh} = {text}", f"{fresh} * {self._encoder.scale} {premise.op} {bound}"]
        guards = [f"{bound} != {limit}" for limit in (_UNKNOWN, _ANY)] if premise.op == "=" else []
        if premise.function in ("min", "max") and premise.op != "=":
            fresh = self._fresh()
            limits = [f"{fresh} != {limit}" for limit in (_UNKNOWN, _ANY)]
            return [f"{fresh} = {text}", *limits, f"{fresh} {premise.op} {bound}"]
        return [f"{text} {premise.op} {bound}", *guards]

    def _test(self, literal: s.Literal, domain: list[str]) -> str:
        """A test through a rule of its own, whose domain is what binds the tested variables here."""
        name = self._name("test")
        outer = list(dict.fromkeys(_variable(v.name) for v in s.premise_variables(literal) if not v.is_anonymous))
        columns, guards = [], []
        for term, kind in zip(literal.atom.terms, self._kinds(literal.atom), strict=True):
            column = self._fresh()
            columns.append(column)
            if isinstance(term, s.Variable) and term.is_anonymous:
                continue
            given = self._term(term, kind)
            ways = [f"{column} = {given}, {given} != {_UNKNOWN}", f"{column} = {_ANY}"]
            if literal.lenient:
                ways += [f"{column} = {_UNKNOWN}", f"{given} = {_UNKNOWN}"]
            guards.append(_any_of(*ways))
        relation = predicate_name(literal.atom.relation)
        found = f"{relation}({', '.join(columns)})" if columns else relation
        head = f"{name}({', '.join(outer)})" if outer else name
        self._before.append(f"{head} :- {', '.join([*domain, found, *guards])}.")
        return f"not {head}" if literal.negated else head

    def _name(self, of: str) -> str:
        self._count += 1
        return f"{of}_{self._number}_{self._count}"

    def _fresh(self) -> str:
        return self._name("C")


def _variable(name: str) -> str:
    return f"V{name}"


def _any_of(*conditions: str) -> str:
    """A disjunction of conditions over bound variables."""
    return f"1 <= #count {{ {'; '.join(f'1 : {condition}' for condition in conditions)} }}"


def decoded(program: Program, atoms: Iterable[tuple[str, tuple[str, ...]]], scale: int = 1) -> dict[str, set[Row]]:
    """The atoms of an answer set as rows of the program's relations; its own helper atoms are left out."""
    encoder = Encoder(program, scale)
    names = {rule.head.relation for rule in program.rules} | {
        p.atom.relation for r in program.rules for p in s.literals(r.rule.body)
    }
    by_name = {predicate_name(name): name for name in names if plain(name).removeprefix("-") in program.predicates}
    found: dict[str, set[Row]] = {}
    for name, terms in atoms:
        if name in by_name:
            kinds = [argument.type for argument in program.predicate(plain(by_name[name])).arguments]
            row = tuple(encoder.decode(text, kind) for text, kind in zip(terms, kinds, strict=True))
            found.setdefault(by_name[name], set()).add(row)
    return found
