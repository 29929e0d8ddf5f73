"""Where tables of facts are, as somebody names it: a path, or the address of a server.

An address is kept as a path that begins with `postgres:`, in libpq's keywords and values
(https://www.postgresql.org/docs/current/libpq-connect.html).
"""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote

from facts.readers.found import BadTables

_SERVER = "postgres:"
_SCHEMES = ("postgres", "postgresql")


def facts_at(source: str | Path) -> Path:
    """Where tables of facts are, as somebody names it; the address of a server in words that a path keeps.

    `postgresql://reader@db.example/claims` is `postgres:host=db.example user=reader
    dbname=claims`. Raises BadTables for an address that is none, and for a password, which
    would stand in reports.
    """
    scheme, _, rest = str(source).partition(":")
    if scheme.lower() not in _SCHEMES:
        if rest.startswith("//"):
            raise BadTables([f"facts are read from postgresql://…, files and directories; `{scheme}://…` is none of them"])
        return Path(source)
    words = _of_url(rest.removeprefix("//")) if rest.startswith("//") else _of_words(rest)
    if any("password" in name for name in words):
        hint = "the password would stand in the report; give it in PGPASSWORD or ~/.pgpass"
        raise BadTables([f"the address of the server names a password, and {hint}"])
    return Path(_SERVER + " ".join(f"{name}={_quoted(value)}" for name, value in words.items()))


def _no_address() -> BadTables:
    # Nothing of it is told: there may be a password in it.
    return BadTables(["the address of the server is none; write postgresql://USER@HOST/DATABASE"])


def _of_url(rest: str) -> dict[str, str]:
    """The keywords and values of a URL, as libpq takes it apart: with several hosts there are several ports."""
    found = re.fullmatch(r"(?:([^/?#@]*)@)?([^/?#@]*)(?:/([^/?#@]*))?(?:\?([^#@]*))?", rest)
    if found is None:
        raise _no_address()
    who, hosts, name, more = (each or "" for each in found.groups())
    user, _, password = who.partition(":")
    each = [re.fullmatch(r"(\[[^\]]*\]|[^:]*)(?::([0-9]*))?", host) for host in hosts.split(",")]
    pairs = [pair.partition("=")[::2] for pair in more.split("&")]
    if None in each or any(key and not value for key, value in pairs):
        raise _no_address()
    ports = [host[2] or "" for host in each if host]
    parts = {
        "host": ",".join(host[1].strip("[]") for host in each if host),
        "port": ",".join(ports) if any(ports) else "",
        "user": user,
        "password": password,
        "dbname": name,
        **dict(pairs),
    }
    return {key: unquote(value) for key, value in parts.items() if value}


def _of_words(words: str) -> dict[str, str]:
    """Libpq's keywords and values."""
    words = words.strip()
    one = r"(\w+)\s*=\s*('(?:[^'\\]|\\.)*'|[^\s']*)(?:\s+|$)"
    if not re.fullmatch(f"(?:{one})*", words):
        raise _no_address()
    bare = ((key, value[1:-1] if value[:1] == "'" else value) for key, value in re.findall(one, words))
    return {key: re.sub(r"\\(.)", r"\1", value) for key, value in bare}


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'" if " " in value or escaped != value or not value else value


def is_server(path: Path) -> bool:
    """Whether a place is a server."""
    return str(path).startswith(_SERVER)


def words_of(path: Path) -> str:
    """The keywords and values of a server."""
    return str(path).removeprefix(_SERVER)


def called(path: Path) -> str:
    """What proofs and rejects call a database; a letter need not tell who reads a server, and where it stands."""
    if not is_server(path):
        return str(path)
    name = _of_words(words_of(path)).get("dbname", "")
    return f"PostgreSQL database {name}".rstrip()
