"""Types: every argument, comparison, sum and date is of one type, and constants become typed values."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from decimal import Decimal

from kb.language import syntax as s
from kb.language.diagnostics import Finding, nearest
from kb.language.frontmatter import read_date
from kb.language.names import is_unresolved
from kb.language.program import Domain
from kb.language.symbols import Report, Source, Symbols
from kb.language.values import ANY, UNKNOWN, quoted

_UNKNOWN_TYPE = "?"
_ORDER = ("<", "<=", ">", ">=")


def type_rule(source: Source, rule: s.Rule, symbols: Symbols, report: Report) -> s.Rule:
    """The rule with typed constants; every type that does not fit is reported, a variable's once."""
    typing = Typing(source, symbols, report)
    return typing.rule(rule)


def type_atoms(source: Source, atoms: Iterable[s.Atom], symbols: Symbols, report: Report) -> dict[str, str]:
    """The types of the variables that the atoms share; used for declarations."""
    typing = Typing(source, symbols, report)
    for atom in atoms:
        typing.atom(atom, is_fact=False)
    return typing.types


@dataclass
class Typing:
    """The types of one statement's variables, as far as they are known."""

    source: Source
    symbols: Symbols
    report: Report
    types: dict[str, str] = field(default_factory=dict)
    places: dict[str, s.Place] = field(default_factory=dict)
    reported: set[str] = field(default_factory=set)
    expected: dict[str, str] = field(default_factory=dict)
    """What the head wants of its variables: it types those that no premise does."""

    def rule(self, rule: s.Rule) -> s.Rule:
        """Types literals first, since they fix most variables, then comparisons and aggregates."""
        is_fact = not rule.body
        if rule.head is not None and rule.head.predicate in self.symbols.predicates:
            arguments = self.symbols.predicates[rule.head.predicate].arguments
            pairs = zip(rule.head.terms, arguments, strict=True)
            self.expected = {term.name: argument.type for term, argument in pairs if isinstance(term, s.Variable)}
        head = None if rule.head is None or not is_fact else self.atom(rule.head, is_fact)
        body = self.premises(rule.body)
        if rule.head is not None and not is_fact:
            head = self.atom(rule.head, is_fact)
        return s.Rule(head, body, rule.place)

    def premises(self, body: tuple[s.Premise, ...]) -> tuple[s.Premise, ...]:
        """The premises of a body, typed."""
        typed: dict[int, s.Premise] = {}
        for index, premise in enumerate(body):
            if isinstance(premise, s.Literal):
                typed[index] = replace(premise, atom=self.atom(premise.atom, is_fact=False))
        for index, premise in enumerate(body):
            if isinstance(premise, s.Aggregate):
                typed[index] = self.aggregate(premise, body)
        pending = [(i, p) for i, p in enumerate(body) if isinstance(p, s.Comparison)]
        # A comparison is typed once one of its sides is; the rest have no typed side at all.
        while pending:
            ready = [each for each in pending if self._known(each[1])] or pending
            for index, comparison in ready:
                typed[index] = self.comparison(comparison)
            pending = [each for each in pending if each not in ready]
        return tuple(typed[index] for index in range(len(body)))

    def atom(self, atom: s.Atom, is_fact: bool) -> s.Atom:
        """The atom with its constants typed as its predicate declares."""
        if is_unresolved(atom):
            for variable in (v for term in atom.terms for v in s.term_variables(term)):
                self.types.setdefault(variable.name, _UNKNOWN_TYPE)
            return atom
        arguments = self.symbols.predicates[atom.predicate].arguments
        terms = tuple(
            self.argument(term, argument.type, is_fact, atom.strong)
            for term, argument in zip(atom.terms, arguments, strict=True)
        )
        return s.Atom(atom.predicate, terms, atom.strong, atom.place)

    def argument(self, term: s.Term, wanted: str, is_fact: bool, strong: bool) -> s.Term:
        """An argument of an atom, which has to be of the wanted type."""
        if isinstance(term, s.Variable):
            if is_fact and strong and term.is_anonymous:
                return s.Constant(ANY, term.place)
            self._unify(term, wanted)
            return term
        if isinstance(term, s.Arithmetic):
            hint = f"write {quoted(self._written(term.place))} for the text, or compute it in a premise of its own, `N = …`"
            self._find(term.place, "arithmetic", "arithmetic does not stand in an atom", hint)
            return term
        if term.value is UNKNOWN:
            if not is_fact or strong:
                hint = "`?` stands in a fact, for a value that is not stated; write `_` for any value"
                self._find(term.place, "unknown-value", "`?` does not stand here", hint)
            return term
        return self.constant(term, wanted, is_fact)

    def constant(self, term: s.Constant, wanted: str, is_fact: bool = False) -> s.Constant:
        """The constant as a value of the wanted type; reported when it is none."""
        value = term.value
        if wanted == _UNKNOWN_TYPE or not isinstance(value, (str, Decimal)):
            return term
        if wanted == "number":
            if isinstance(value, str):
                self._mismatch(term, "a number", "write it without quotes" if _is_number(value) else "")
            return term
        if isinstance(value, Decimal):
            written, domain = self._written(term.place) or str(value), self.symbols.domains.get(wanted)
            is_value = domain is None or written in domain.values
            values = ", ".join(domain.values) if domain is not None else ""
            hint = f"write {quoted(written)}" if is_value else f"the values are {values}"
            if wanted == "date":
                hint = 'write a day of the calendar as "YYYY-MM-DD"'
            what = {"text": "a code", "case": "a case", "date": "a date"}.get(wanted, f"a value of `{_short(wanted)}`")
            self._find(term.place, "unquoted-code", f"`{written}` is a number where {what} belongs", hint)
            return term
        if wanted == "date":
            return self._date(term, value)
        domain = self.symbols.domains.get(wanted)
        if domain is not None:
            self._member(term, value, domain, is_fact)
        return term

    def _written(self, place: s.Place) -> str:
        """What the author wrote at a place."""
        lines = self.source.document.lines
        return lines[place.line - 1][place.column - 1 :][: place.length] if 0 < place.line <= len(lines) else ""

    def _date(self, term: s.Constant, text: str) -> s.Constant:
        value = read_date(text)
        if value is None:
            hint = 'write a day of the calendar as "YYYY-MM-DD"'
            if text.replace("-", "").isdecimal() and len(text) in (4, 7):
                # "2019", "2019-06"
                hint += "; where no day is known, `?`"
            self._find(term.place, "date", f"`{text}` is not a date", hint)
        return s.Constant(value or text, term.place)

    def _member(self, term: s.Constant, value: str, domain: Domain, is_fact: bool) -> None:
        if value in domain.parts and not is_fact:
            parts = ", ".join(f"`{part}`" for part in domain.parts[value])
            message = f"`{value}` stands for {parts} together, and only in a fact"
            self._find(term.place, "domain-value", message, "a rule names one of them")
        elif value not in domain.values and value not in domain.parts:
            known = (*domain.values, *domain.parts)
            hint = nearest(value, known) or f"the values are {', '.join(known)}"
            if value == _short(domain.name) and not is_fact:
                hint = f"a variable begins with a capital: `{value.capitalize()}`; {hint}"
            self._find(term.place, "domain-value", f"`{value}` is not a value of `{_short(domain.name)}`", hint)

    def comparison(self, comparison: s.Comparison) -> s.Comparison:
        """Both sides are of one type; the order of `<` is that of numbers, dates and ordered domains."""
        found = self._type(comparison.left) or self._type(comparison.right)
        if found is None:
            sides = (t.name for t in (comparison.left, comparison.right) if isinstance(t, s.Variable))
            found = next((self.expected[name] for name in sides if name in self.expected), None)
        if found is None:
            found = "number" if self._is_numeric(comparison) else "text"
        left, right = self.expression(comparison.left, found), self.expression(comparison.right, found)
        self._check_order(comparison.op, found, comparison.place)
        return replace(comparison, left=left, right=right, type=found)

    def _check_order(self, op: str, found: str, place: s.Place) -> None:
        domain = self.symbols.domains.get(found)
        if op in _ORDER and (found in ("text", "case") or (domain is not None and not domain.ordered)):
            what = f"the values of `{_short(found)}`" if domain else "texts"
            hint = "declare the domain with `<` between its values" if domain else "compare with `=` or `!=`"
            self._find(place, "order", f"{what} have no order", hint)

    def expression(self, term: s.Term, wanted: str) -> s.Term:
        """A side of a comparison, which has to be of the wanted type."""
        if isinstance(term, s.Variable):
            self._unify(term, wanted)
            return term
        if isinstance(term, s.Constant):
            if term.value is UNKNOWN:
                hint = "`?` stands in a fact, for a value that is not stated"
                self._find(term.place, "unknown-value", "`?` does not stand in a comparison", hint)
                return term
            return self.constant(term, wanted)
        return self._arithmetic(term, wanted)

    def _arithmetic(self, term: s.Arithmetic, wanted: str) -> s.Term:
        left, right = self._type(term.left), self._type(term.right)
        if wanted not in ("number", "date", _UNKNOWN_TYPE) or (wanted == "date" and term.op == "*"):
            self._mismatch(term, self._name(wanted))
            return term
        days = term.op == "-" and wanted != "date" and "date" in (left, right)
        if days:
            types = ("date", "date")
        elif wanted == "date":
            types = ("number", "date") if right == "date" else ("date", "number")
        else:
            types = ("number", "number")
        return replace(term, left=self.expression(term.left, types[0]), right=self.expression(term.right, types[1]))

    def aggregate(self, aggregate: s.Aggregate, siblings: tuple[s.Premise, ...]) -> s.Aggregate:
        """The aggregate with its own variables apart from those of the rule around it."""
        outside = {
            variable.name
            for premise in siblings
            if not isinstance(premise, s.Aggregate)
            for variable in s.premise_variables(premise)
        }
        inner = Typing(self.source, self.symbols, self.report, dict(self.types), dict(self.places))
        body = inner.premises(aggregate.body)
        terms = tuple(inner.expression(term, (inner._type(term) or _UNKNOWN_TYPE)) for term in aggregate.terms)
        for name in outside & set(inner.types):
            self.types.setdefault(name, inner.types[name])
            if name in inner.places:  # a variable of an unknown predicate has none
                self.places.setdefault(name, inner.places[name])
        found = self._result(aggregate, inner)
        self._check_order(aggregate.op, found, aggregate.place)
        bound = self.expression(aggregate.bound, found)
        return replace(aggregate, body=body, terms=terms, bound=bound, type=found)

    def _result(self, aggregate: s.Aggregate, inner: Typing) -> str:
        first = inner._type(aggregate.terms[0]) or _UNKNOWN_TYPE
        if aggregate.function == "count":
            return "number"
        if aggregate.function == "sum":
            if first not in ("number", _UNKNOWN_TYPE):
                self._mismatch(aggregate.terms[0], "a number", "`#sum` adds the first term of each element", first)
            return "number"
        if first in ("text", "case"):
            self._find(
                aggregate.terms[0].place,
                "order",
                "texts have no smallest or largest",
                "use a number, a date or an ordered domain",
            )
        else:
            self._check_order("<", first, aggregate.terms[0].place)
        return first

    # What is known so far

    def _known(self, comparison: s.Comparison) -> bool:
        return (self._type(comparison.left) or self._type(comparison.right)) is not None

    def _type(self, term: s.Term) -> str | None:
        if isinstance(term, s.Variable):
            return self.types.get(term.name)
        if isinstance(term, s.Constant):
            return "number" if isinstance(term.value, Decimal) else None
        left, right = self._type(term.left), self._type(term.right)
        if term.op == "*":
            return "number"
        if term.op == "-" and "date" in (left, right):
            both = right == "date" or (isinstance(term.right, s.Constant) and right is None)
            return "number" if both else "date" if right == "number" else None
        return "date" if "date" in (left, right) else "number" if "number" in (left, right) else None

    def _is_numeric(self, comparison: s.Comparison) -> bool:
        return any(isinstance(side, s.Arithmetic) for side in (comparison.left, comparison.right))

    def _unify(self, variable: s.Variable, wanted: str) -> None:
        known = self.types.get(variable.name, _UNKNOWN_TYPE)
        if known == _UNKNOWN_TYPE:
            self.types[variable.name] = wanted
            self.places[variable.name] = variable.place
        elif wanted not in (known, _UNKNOWN_TYPE) and variable.name not in self.reported:
            self.reported.add(variable.name)
            place = self.places[variable.name]
            message = f"`{variable.name}` is {self._name(wanted)} here and {self._name(known)} before"
            related = ((f"`{variable.name}` is {self._name(known)} here", self.source.document.name, place.line),)
            self._find(variable.place, "type", message, "use two variables", related)

    def _mismatch(self, term: s.Term, wanted: str, hint: str = "", found: str | None = None) -> None:
        found = self._type(term) if found is None else found
        if found is None and isinstance(term, s.Constant):
            found = "text"
        self._find(term.place, "type", f"this is {self._name(found or 'number')}, where {wanted} belongs", hint)

    def _name(self, kind: str) -> str:
        if kind in self.symbols.domains:
            return f"of `{_short(kind)}`"
        return {"text": "a text", "number": "a number", "date": "a date", "case": "a case"}.get(kind, "unknown")

    def _find(
        self, place: s.Place, code: str, message: str, hint: str = "", related: tuple[tuple[str, str, int], ...] = ()
    ) -> None:
        self.report.add(self.source, Finding(place, code, message, hint, related))


def _short(name: str) -> str:
    return name.rsplit("/", 1)[-1]


def _is_number(text: str) -> bool:
    return text.replace(".", "", 1).isdigit()
