"""Random stratified programs and charts, as text that a policy author could have written."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from hypothesis import strategies as st

GRADES = ("low", "mid", "high")
NUMBERS = ("0", "1", "2", "2.5")
TYPES = ("grade", "number")

DECLARATIONS = """\
#domain grade = low < mid < high.
#fact f0(Case: case, A: grade).
#fact f1(Case: case, A: grade, B: number).
#fact f2(Case: case, A: number).
#about f2(Case).
#fact f3(Case: case, A: grade, B: grade).
#about f3(Case, A).
#fact c0(Case: case, A: grade).
#closed c0.
#pred k(A: grade, B: number).
k(low, 1).
k(high, 2).
#pred j(A: grade).
j(mid).
j(Grade) :- k(Grade, 2).
#pred p0(Case: case, A: grade).
#pred p1(Case: case, A: grade, B: number).
#pred p2(Case: case, A: grade, B: grade).
#pred p3(Case: case, A: number).
#pred p4(Case: case, A: grade).
"""

SIGNATURES = {
    "f0": ("grade",),
    "f1": ("grade", "number"),
    "f2": ("number",),
    "f3": ("grade", "grade"),
    "c0": ("grade",),
    "k": ("grade", "number"),
    "j": ("grade",),
    "p0": ("grade",),
    "p1": ("grade", "number"),
    "p2": ("grade", "grade"),
    "p3": ("number",),
    "p4": ("grade",),
}
FACTS = ("f0", "f1", "f2", "f3", "c0")
GENERAL = ("k", "j")
LEVELS = {**dict.fromkeys((*FACTS, *GENERAL), 0), "p0": 1, "p1": 2, "p2": 2, "p3": 3, "p4": 4}
VARIABLES = {"grade": ("G", "H"), "number": ("N", "M")}
CONSTANTS = {"grade": GRADES, "number": NUMBERS}


@dataclass(frozen=True)
class RandomProgram:
    """A program's text, and a chart's statements about the case `x`."""

    source: str
    chart: str


def _arguments(draw: st.DrawFn, name: str, bound: set[str] | None) -> list[str]:
    """Arguments for an atom: variables (bound ones only, if given), constants, `_`."""
    result = []
    for kind in SIGNATURES[name]:
        names = [each for each in VARIABLES[kind] if bound is None or each in bound]
        result.append(draw(st.sampled_from([*names, *names, *names, *names, "_", "_", *CONSTANTS[kind][:1]])))
    return result


@st.composite
def rules(draw: st.DrawFn, head: str, with_aggregates: bool) -> str:
    level = LEVELS[head]
    # Recursion only in p2, whose arguments are of one type, as transitive closures are.
    below = [name for name in SIGNATURES if LEVELS[name] < level or (name == head == "p2")]
    strictly = [name for name in SIGNATURES if LEVELS[name] < level]
    about_case = [name for name in below if name not in GENERAL]
    parts = [("", _arguments(draw, name, None), name) for name in [draw(st.sampled_from(about_case))]]
    for name in draw(st.lists(st.sampled_from(below), max_size=2)):
        parts.append(("", _arguments(draw, name, None), name))
    bound = {a for _, arguments, _ in parts for a in arguments if a[0].isupper()}
    for name in draw(st.lists(st.sampled_from(strictly), max_size=1)):
        sign = draw(st.sampled_from(["not ", "not ", "-", "not -"] if name in FACTS else ["not "]))
        parts.append((sign, _arguments(draw, name, bound), name))
    texts = []
    if "N" in bound and draw(st.booleans()):
        texts.append(draw(st.sampled_from(["N >= 1", "N + 1 > 2", "N * 2 != 4", "N - 1 < 1.5", "N = 2"])))
    if {"G", "H"} <= bound and draw(st.booleans()):
        texts.append(draw(st.sampled_from(["G < H", "G != H", "G = H", "G >= H"])))
    elif "G" in bound and draw(st.booleans()):
        texts.append(draw(st.sampled_from(["G > low", "G = mid", "G <= mid"])))
    if with_aggregates and draw(st.booleans()):
        inner = draw(st.sampled_from([name for name in strictly if SIGNATURES[name] == ("grade", "number") and name != "k"]))
        texts.append(draw(_aggregates(inner, bound, can_bind="number" in SIGNATURES[head])))
        if texts[-1].startswith("N ="):
            bound = {name for name in bound if name not in VARIABLES["number"]} | {"N"}
    wanted = []
    for kind in SIGNATURES[head]:
        names = [each for each in VARIABLES[kind] if each in bound]
        wanted.append(draw(st.sampled_from(names)) if names else CONSTANTS[kind][0])
    return _rule_text(head, wanted, parts, texts)


def _aggregates(inner: str, bound: set[str], can_bind: bool) -> st.SearchStrategy[str]:
    """An aggregate over a predicate of a grade and a number; by groups of what is bound, over others, or binding `N`."""
    alone = [
        f"#count {{ Z : {inner}(Case, Z, _) }} >= 1",
        f"#count {{ Z, Y : {inner}(Case, Z, Y) }} < 2",
        f"#sum {{ Y, Z : {inner}(Case, Z, Y) }} > 2",
        f"#max {{ Y : {inner}(Case, _, Y) }} >= 2",
        f"#min {{ Z : {inner}(Case, Z, _) }} <= mid",
    ]
    over_others = [
        f"#count {{ Z : f0(Case, Z), #count {{ Y : {inner}(Case, Z, Y) }} >= 1 }} >= 1",
        f"#count {{ Z : f3(Case, Z, X), not f0(Case, X), #max {{ Y : {inner}(Case, Z, Y) }} > 1 }} < 1",
        f"#sum {{ Y, Z : f0(Case, Z), Y = #sum {{ X : {inner}(Case, Z, X) }} }} >= 2",
    ]
    by_group = [
        f"#count {{ Y : {inner}(Case, G, Y) }} >= 1",
        f"#sum {{ Y, Z : {inner}(Case, Z, Y), Z != G }} < 2",
        "#max { Z : f3(Case, G, Z), not f0(Case, G) } > low",
        f"#count {{ Z : f3(Case, Z, _), #count {{ Y : {inner}(Case, G, Y), f1(Case, Z, Y) }} >= 1 }} < 1",
    ]
    binding = [
        f"N = #count {{ Z : {inner}(Case, Z, _) }}",
        f"N = #sum {{ Y, Z : {inner}(Case, Z, Y) }}",
        f"N = #max {{ Y : {inner}(Case, _, Y) }}",
    ]
    return st.sampled_from(
        [*alone, *over_others, *(by_group if "G" in bound else []), *(binding if can_bind and "N" not in bound else [])]
    )


def _rule_text(head: str, wanted: list[str], parts: list[tuple[str, list[str], str]], texts: list[str]) -> str:
    """The rule, with variables that occur only once written `_`."""
    counts = Counter(wanted + [a for _, arguments, _ in parts for a in arguments])
    for text in texts:
        counts.update(re.findall(r"\b[GHNM]\b", text))
    literals = []
    for sign, arguments, name in parts:
        shown = ["_" if a[0].isupper() and counts[a] == 1 else a for a in arguments]
        literals.append(f"{sign}{name}({', '.join([*(['Case'] if name not in GENERAL else []), *shown])})")
    return f"{head}({', '.join(['Case', *wanted])}) :- {', '.join([*literals, *texts])}."


@st.composite
def charts(draw: st.DrawFn, unknown: bool = True) -> str:
    lines = []
    for name in draw(st.lists(st.sampled_from(FACTS), min_size=3, max_size=14)):
        denied = name != "c0" and draw(st.integers(0, 7)) == 0
        values = []
        for kind in SIGNATURES[name]:
            extra = ["_"] if denied else ["?"] if unknown and name != "c0" else []
            values.append(draw(st.sampled_from([*CONSTANTS[kind], *CONSTANTS[kind], *extra])))
        lines.append(f"{'-' if denied else ''}{name}({', '.join(['x', *values])}).")
    return "\n".join(lines)


def closings() -> st.SearchStrategy[str]:
    """What may be said of a predicate that rules conclude: that it counts by the record alone."""
    return st.sampled_from(["", *(f"#closed {names}.\n" for names in ("p0", "p1", "p2", "p0, p3"))])


@st.composite
def programs(draw: st.DrawFn, with_aggregates: bool = True, unknown: bool = True, by_record: bool = True) -> RandomProgram:
    """`by_record`: what rules conclude may be closed."""
    heads = draw(st.lists(st.sampled_from(["p0", "p1", "p2", "p3", "p4"]), min_size=3, max_size=8))
    text = "\n".join(draw(rules(head, with_aggregates)) for head in sorted(heads))
    closed = draw(closings()) if by_record else ""
    return RandomProgram(f"{DECLARATIONS}{closed}{text}\n", draw(charts(unknown)))
