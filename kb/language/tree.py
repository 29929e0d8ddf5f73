"""Lark's parse tree to the syntax tree."""

from __future__ import annotations

from decimal import Decimal
from itertools import count
from typing import Any

from lark import Token, Transformer, v_args
from lark.tree import Meta

from kb.language import syntax as s
from kb.language.blocks import Block
from kb.language.values import UNKNOWN, read_number, unquoted

_MIRRORED = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "=": "=", "!=": "!="}


def _text(token: Token) -> str:
    return unquoted(token) if token.type == "STRING" else str(token)


@v_args(meta=True)
class Builder(Transformer[Token, Any]):
    """Builds the tree of one statement, which is the whole of its block."""

    def __init__(self, block: Block) -> None:
        super().__init__()
        self._block = block
        self._anonymous = count(1)

    def _at(self, meta: Meta | Token) -> s.Place:
        if isinstance(meta, Meta) and meta.empty:
            return s.NOWHERE
        return self._block.place(meta.start_pos or 0, meta.end_pos or 0)

    def start(self, _: Meta, children: list[Any]) -> s.Statement:
        statement: s.Statement = children[0]
        return statement

    # Terms

    def term(self, meta: Meta, children: list[Token]) -> s.Term:
        token, place = children[0], self._at(meta)
        match token.type:
            case "VARIABLE":
                return s.Variable(str(token), place)
            case "ANONYMOUS":
                return s.Variable(f"_{next(self._anonymous)}", place)
            case "UNKNOWN":
                return s.Constant(UNKNOWN, place)
            case "NUMBER":
                return s.Constant(read_number(token), place)
            case _:
                return s.Constant(_text(token), place)

    def arithmetic(self, meta: Meta, children: list[Any]) -> s.Arithmetic:
        left, op, right = children
        return s.Arithmetic(str(op), left, right, self._at(meta))

    def negative(self, meta: Meta, children: list[Any]) -> s.Term:
        operand = children[-1]
        if isinstance(operand, s.Constant) and isinstance(operand.value, Decimal):
            return s.Constant(-operand.value, self._at(meta))
        zero = s.Constant(read_number("0"), self._at(meta))
        return s.Arithmetic("-", zero, operand, self._at(meta))

    # Premises

    def atom(self, meta: Meta, children: list[Any]) -> s.Atom:
        return s.Atom(str(children[0]), tuple(children[1:]), False, self._at(meta))

    def denial(self, meta: Meta, children: list[Any]) -> s.Atom:
        name, *terms = [child for child in children if not _is_minus(child)]
        return s.Atom(str(name), tuple(terms), True, self._at(meta))

    def literal(self, _: Meta, children: list[s.Atom]) -> s.Literal:
        return s.Literal(children[0])

    def negation(self, _: Meta, children: list[s.Atom]) -> s.Literal:
        return s.Literal(children[0], negated=True)

    def comparison(self, meta: Meta, children: list[Any]) -> s.Comparison:
        left, op, right = children
        return s.Comparison(left, str(op), right, self._at(meta))

    def elements(self, _: Meta, children: list[Any]) -> tuple[tuple[s.Term, ...], tuple[s.Premise, ...]]:
        return tuple(children[:-1]), children[-1]

    def aggregate(self, meta: Meta, children: list[Any]) -> s.Aggregate:
        function, (terms, body), op, bound = children
        return s.Aggregate(str(function)[1:], terms, body, str(op), bound, self._at(meta))

    def left_aggregate(self, meta: Meta, children: list[Any]) -> s.Aggregate:
        bound, op, function, (terms, body) = children
        return s.Aggregate(str(function)[1:], terms, body, _MIRRORED[str(op)], bound, self._at(meta))

    def body(self, _: Meta, children: list[s.Premise]) -> tuple[s.Premise, ...]:
        return tuple(children)

    # Statements

    def rule(self, meta: Meta, children: list[Any]) -> s.Rule:
        head, *body = children
        return s.Rule(head, body[0] if body else (), self._at(meta))

    def constraint(self, meta: Meta, children: list[Any]) -> s.Rule:
        return s.Rule(None, children[0], self._at(meta))

    def expectation(self, meta: Meta, children: list[Any]) -> s.Expectation:
        status = str(children[0]) if len(children) == 2 else "holds"
        return s.Expectation(status, children[-1], self._at(meta))

    def member(self, meta: Meta, children: list[Token]) -> s.Member:
        name, *parts = map(_text, children)
        return s.Member(name, tuple(parts), self._at(meta))

    def unordered(self, _: Meta, children: list[s.Member]) -> tuple[bool, tuple[s.Member, ...]]:
        return False, tuple(children)

    def ordered(self, _: Meta, children: list[s.Member]) -> tuple[bool, tuple[s.Member, ...]]:
        return True, tuple(children)

    def domain(self, meta: Meta, children: list[Any]) -> s.DomainDeclaration:
        name, (ordered, members) = children
        return s.DomainDeclaration(str(name), members, ordered, self._at(meta))

    def parameter(self, meta: Meta, children: list[Token]) -> s.Parameter:
        return s.Parameter(str(children[0]), str(children[1]), self._at(meta))

    def wording(self, meta: Meta, children: list[Token]) -> s.Wording:
        label = str(children[0]) if len(children) == 2 else ""
        return s.Wording(label, unquoted(children[-1]), self._at(meta))

    def predicate(self, meta: Meta, children: list[Any]) -> s.PredicateDeclaration:
        kind, name, *rest = children
        parameters = tuple(each for each in rest if isinstance(each, s.Parameter))
        wordings = tuple(each for each in rest if isinstance(each, s.Wording))
        return s.PredicateDeclaration(str(kind)[1:], str(name), parameters, wordings, self._at(meta))

    def property(self, meta: Meta, children: list[Any]) -> s.Property:
        return s.Property(str(children[0])[1:], children[1], self._at(meta))

    def flag(self, meta: Meta, children: list[Token]) -> s.Flag:
        kind, *names = children
        return s.Flag(str(kind)[1:], tuple((str(name), self._at(name)) for name in names), self._at(meta))

    def goal(self, meta: Meta, children: list[Any]) -> s.GoalDeclaration:
        atom, trigger, *wordings = children
        return s.GoalDeclaration(atom, trigger, tuple(wordings), self._at(meta))

    def criterion(self, meta: Meta, children: list[Any]) -> s.CriterionDeclaration:
        name, atom, *wordings = children
        return s.CriterionDeclaration(unquoted(name), atom, tuple(wordings), self._at(meta))

    def reading(self, meta: Meta, children: list[Any]) -> s.ReadingDeclaration:
        name, atom, *wordings = children
        return s.ReadingDeclaration(unquoted(name), atom, tuple(wordings), self._at(meta))


def _is_minus(child: Any) -> bool:
    return isinstance(child, Token) and child.type == "MINUS"
