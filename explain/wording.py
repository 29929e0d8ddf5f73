"""Atoms in words, by the templates of their declarations."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date

from kb.contradictions import Contradiction
from kb.engines.computed import compute
from kb.language import syntax as s
from kb.language.printer import term_source
from kb.language.program import Argument, Program
from kb.language.values import ANY, UNKNOWN, NumberOutOfRange, Row, Value, quoted, value_text

OTHER_THAN = "other than"


def words(program: Program, relation: str, row: Row, audience: str = "", instead: Mapping[int, str] | None = None) -> str:
    """The atom as a person reads it; `audience` may be `member`. A `?` or `_` reads as its argument's name.

    `instead` gives texts for the arguments at some positions.
    """
    predicate = program.predicate(relation)
    denied = relation.startswith("-")
    template = predicate.wordings.get(audience) or predicate.wordings.get("")
    if denied:
        template = predicate.wordings.get("absent") or (template and f"documented as absent: {template}")
    if not template:
        return atom_text(program, relation, row)
    values = {
        argument.name: argument_words(argument, value) for argument, value in zip(predicate.arguments, row, strict=True)
    }
    values |= {predicate.arguments[position].name: text for position, text in (instead or {}).items()}
    return re.sub(r"\{(\w+)\}", lambda match: values.get(match[1], match[0]), template)


def together(program: Program, atoms: Iterable[tuple[str, Row]]) -> str:
    """Atoms that contradict one another, in words."""
    return "; ".join(words(program, *atom) for atom in atoms)


def amiss(contradiction: Contradiction) -> str:
    """What a record does that has a contradiction: "the record contradicts itself"."""
    return "contradicts itself" if len(contradiction.atoms) > 1 else "states what cannot be"


def argument_words(argument: Argument, value: Value) -> str:
    """The value of an argument as a person reads it; a `?` or `_` reads as the argument's name."""
    if value is UNKNOWN or value is ANY:
        return f"[{placeholder(argument)}]"
    text = value_text(value)
    return text if argument.type in ("text", "case", "number", "date") else text.replace("_", " ")


def placeholder(argument: Argument) -> str:
    """What stands for a value that is not told: its argument's name, of a day `date`."""
    return "date" if argument.type == "date" else spaced(argument.name)


def spaced(name: str) -> str:
    """An argument's name as words: `NanogramsPerMillilitre` reads `nanograms per millilitre`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])|_", " ", name).lower()


def atom_text(program: Program, relation: str, row: Row) -> str:
    """The atom in the language's own notation."""
    predicate = program.predicate(relation)
    terms = ", ".join(_term(argument, value) for argument, value in zip(predicate.arguments, row, strict=True))
    sign = "-" if relation.startswith("-") else ""
    return f"{sign}{predicate.local_name}({terms})" if row else f"{sign}{predicate.local_name}"


def _term(argument: Argument, value: Value) -> str:
    if value is UNKNOWN or value is ANY:
        return value.value
    text = value_text(value)
    if argument.type == "number" or re.fullmatch(r"[a-z][A-Za-z0-9_]*", text):
        return text
    return quoted(text)


_READS = {"=": "is", "!=": "is not", "<": "is below", "<=": "is at most", ">": "is above", ">=": "is at least"}
_READS_FOR_DATES = {**_READS, "<": "is before", "<=": "is no later than", ">": "is after", ">=": "is no earlier than"}
_OPPOSITE = {"=": "!=", "!=": "=", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}
_COUNTED = {"count": "the number of distinct", "sum": "the sum of", "min": "the smallest", "max": "the largest"}
_COUNTED_DAYS = {**_COUNTED, "min": "the earliest", "max": "the latest"}


def comparison_words(premise: s.Comparison, binding: Mapping[str, Value], holds: bool = True) -> str:
    """A comparison as a sentence; one that fails is said the other way round: `grade 5 is above 4-`."""
    left, right = _term_words(premise.left, binding), _term_words(premise.right, binding)
    return f"{left} {_reads(premise.op if holds else _OPPOSITE[premise.op], premise.left, binding)} {right}"


def need_words(premise: s.Comparison, binding: Mapping[str, Value]) -> str:
    """A comparison of values that are still to be told, as a sentence."""
    reads = _READS_FOR_DATES if premise.type == "date" else _READS
    spoken = {v.name: s.Variable(spaced(v.name)) for v in s.premise_variables(premise) if v.name not in binding}
    left, right = (_term_words(s.term_with(term, spoken), binding) for term in (premise.left, premise.right))
    return f"{left} {reads[premise.op]} {right}"


def aggregate_words(premise: s.Aggregate, binding: Mapping[str, Value], number: Value | None, holds: bool = True) -> str:
    """An aggregate as a sentence, with its value where it has one."""
    of_days = isinstance(number, date)
    counted = _counted(premise, of_days)
    if holds and isinstance(premise.bound, s.Variable) and premise.op == "=":
        return f"{counted} is {value_text(number) if number is not None else 'not there'}"
    if holds:
        value = "there is none" if number is None else f"it is {value_text(number)}"
        return f"{aggregate_demand(premise, binding, of_days)} ({value})"
    if number is None:
        return f"there is no {counted.removeprefix('the ')}"
    wanted = f"{_reads(premise.op, premise.bound, binding)} {_term_words(premise.bound, binding)}".removeprefix("is ")
    return f"{counted} is {value_text(number)}{'' if premise.op == '!=' else f', and not {wanted}'}"


def aggregate_demand(premise: s.Aggregate, binding: Mapping[str, Value], of_days: bool = False) -> str:
    """What an aggregate has to be, as a sentence, whatever it is."""
    bound = _term_words(premise.bound, binding)
    return f"{_counted(premise, of_days)} {_reads(premise.op, premise.bound, binding)} {bound}"


def _counted(premise: s.Aggregate, of_days: bool) -> str:
    terms = " and ".join(_term_words(term, {}) for term in premise.terms[:1])
    return f"{(_COUNTED_DAYS if of_days else _COUNTED)[premise.function]} {terms}"


def demand_words(op: str, value: Value) -> str:
    """What a comparison with a value asks for: `at most 4-`."""
    reads = (_READS_FOR_DATES if isinstance(value, date) else _READS)[op].removeprefix("is ")
    return f"{OTHER_THAN + ' ' if op == '!=' else '' if op == '=' else reads + ' '}{value_words(value)}"


def _reads(op: str, left: s.Term, binding: Mapping[str, Value]) -> str:
    return (_READS_FOR_DATES if isinstance(_value_of(left, binding), date) else _READS)[op]


def _value_of(term: s.Term, binding: Mapping[str, Value]) -> Value | None:
    try:
        return compute(term, binding)
    except (KeyError, NumberOutOfRange):
        return None


def _term_words(term: s.Term, binding: Mapping[str, Value]) -> str:
    value = _value_of(term, binding)
    if isinstance(term, s.Variable):
        return spaced(term.name) if value is None else f"{spaced(term.name)} {value_words(value)}"
    if isinstance(term, s.Arithmetic) and value is not None:
        # What days are reckoned with, and is no day itself, is a number of days.
        days = any(isinstance(binding.get(variable.name), date) for variable in s.term_variables(term))
        unit = " days" if days and not isinstance(value, date) else ""
        return f"{value_text(value)}{unit} ({_plain(term, binding)})"
    return _plain(term, binding) if value is None else value_words(value)


def value_words(value: Value) -> str:
    """A value without the underscores of a name."""
    text = value_text(value)
    return text.replace("_", " ") if re.fullmatch(r"[a-z][a-z_]*", text) else text


def _plain(term: s.Term, binding: Mapping[str, Value]) -> str:
    return term_source(term, binding).replace('"', "").replace(" - ", " − ").replace(" * ", " × ")


def remarked(on_word: bool, is_aged: bool, on_silence: bool, is_denied: bool) -> list[str]:
    """What whoever reads only a verdict has to know of it: on whose word, how old findings and what silence it rests."""
    remarks = {
        "(on the reviewer's word)": on_word,
        "(on findings of over a year ago)": is_aged,
        "(on the record's silence)": on_silence,
        "(denied elsewhere)": is_denied,
    }
    return [remark for remark, holds in remarks.items() if holds]
