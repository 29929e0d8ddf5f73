"""The two sides of a comparison: directories, revisions of a git repository, or versions of one document."""

from __future__ import annotations

import io
import re
import subprocess
import tarfile
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from facts.opening import CaseProblem
from kb.language import cache
from kb.language.documents import read
from kb.library import SUFFIXES, Library, decoded, library, load, read_all


def sides(old: str, new: str, policies: Iterable[Path] = ()) -> tuple[Library, Library]:
    """The libraries of two sides, each with the shipped documents and those of `policies`.

    A side is a file or directory; `ID@VERSION`, of which NEW may leave out the id; or a
    revision of the git repository here. Raises CaseProblem, UnreadableFile.
    """
    policies = list(policies)
    former = old.partition("@")[0]
    return _side(old, policies, ""), _side(new, policies, former)


def _side(name: str, policies: list[Path], former: str) -> Library:
    if Path(name).exists():
        return load(*policies, name)
    if match := re.fullmatch(r"([\w.-]*)@(\S+)", name):
        return _of_version(load(*policies), match[1] or former, match[2], name)
    return _of_revision(name, policies)


def _of_version(base: Library, document_id: str, version: str, name: str) -> Library:
    """The library in which of the versions of a document only one is in force, on any day."""
    versions = {each.meta.version: each for each in base.documents if each.meta.id == document_id}
    if version not in versions:
        known = ", ".join(sorted(f"{document_id}@{each}" for each in versions))
        message = f"the versions are: {known}" if known else "`medproof policies` lists what is at hand"
        raise CaseProblem(f"there is no document `{document_id}@{version}` (`{name}`); {message}")
    chosen = versions[version]
    always = replace(chosen, meta=replace(chosen.meta, effective=None, retired=None))
    return Library((*(each for each in base.documents if each.meta.id != document_id), always))


def _of_revision(name: str, policies: list[Path]) -> Library:
    """The documents of a revision: the files that begin with front matter."""
    revision, _, inside = name.partition(":")
    try:
        called = ["git", "archive", "--format=tar", f"{revision}", *([inside] if inside else [])]
        if revision.startswith("-"):
            raise CaseProblem(f"`{name}` is no path, no `ID@VERSION` and no revision")
        made = subprocess.run(called, capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        hint = "name a directory, `ID@VERSION`, or a revision of the git repository here (`HEAD~1`, or `HEAD~1:policies`)"
        raise CaseProblem(f"`{name}` is no path, no `ID@VERSION` and no revision; {hint}") from error
    own = [read(f"{name}/{member}", text) for member, text in _documents(made.stdout)]
    return library([*(each for path in policies for each in read_all(path, cache.default_directory())), *own])


def _documents(archive: bytes) -> Iterator[tuple[str, str]]:
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        for member in tar:
            file = tar.extractfile(member) if member.isfile() and Path(member.name).suffix in SUFFIXES else None
            text = file.read() if file is not None else b""
            if text.startswith(b"---"):
                yield member.name, decoded(member.name, text)
