"""`medproof repl`: a case talked through at a prompt."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from commands.common import CASE, EXIT_CODES, ON, POLICIES, TIMEOUT, loaded, payer_option, said_plainly, show, width

if TYPE_CHECKING:
    from prompt_toolkit.completion import Completion
    from prompt_toolkit.document import Document

    from commands.console import Console

_ENDS = ("quit", "exit")


@click.command("repl", epilog=EXIT_CODES)
@CASE
@payer_option()
@ON
@POLICIES
@TIMEOUT
def command(case: str, payer: str | None, on: date | None, policies: tuple[Path, ...], timeout: float) -> None:
    """Talk a case through: ask, explain, assume, retract, and see what changes.

    `help` at the prompt lists what can be said. Tab completes, the arrow keys bring back
    former lines, Ctrl-D ends. Lines may also come from a file or a pipe.

    \b
    Examples:
      medproof repl reference
      medproof repl two-weeks --payer carelon < questions.txt
    """
    import medproof
    from authoring.session import Session
    from commands.console import Console

    with said_plainly():
        session = Session(loaded(policies), medproof.open_case(case), payer, on, timeout)
        console = Console(session, width)
    codes: list[int] = []
    is_talk = sys.stdin.isatty()
    if is_talk:
        click.echo(f"{case}: `help` lists what can be said, Ctrl-D ends")
    lines: Iterable[str] = typed(console) if is_talk else sys.stdin
    for line in (each.removeprefix("\ufeff") for each in lines):
        if line.strip() in _ENDS:
            break
        if line.strip() and not line.lstrip().startswith("%"):
            with said_plainly(codes), _interruptible():
                show(console.answer(line))
    # Somebody at the prompt has seen each mistake; a script learns of them by the exit code.
    sys.exit(0 if is_talk else max(codes, default=0))


def typed(console: Console) -> Iterator[str]:
    """The lines typed at the prompt, until Ctrl-D; Ctrl-C drops the line that is being typed."""
    from prompt_toolkit import PromptSession
    from prompt_toolkit.completion import Completer, Completion
    from prompt_toolkit.history import FileHistory, InMemoryHistory

    class Names(Completer):
        """Completes as the console knows."""

        def get_completions(self, document: Document, complete_event: object) -> Iterable[Completion]:
            start, names = console.completions(document.text_before_cursor)
            for name in names:
                yield Completion(name, start_position=-len(start))

    path = _history()
    prompt: PromptSession[str] = PromptSession(
        history=FileHistory(str(path)) if path is not None else InMemoryHistory(),
        completer=Names(),
        complete_while_typing=False,
    )
    while True:
        with suppress(KeyboardInterrupt):
            try:
                yield prompt.prompt(f"{console.session.original.meta.case}> ")
            except EOFError:
                return


@contextmanager
def _interruptible() -> Iterator[None]:
    """Ctrl-C stops an answer, and not the session."""
    try:
        yield
    except KeyboardInterrupt:
        click.echo("stopped", err=True)


def _history() -> Path | None:
    """Where the lines are kept from one session to the next; None where nothing can be written."""
    base = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "medproof"
    try:
        base.mkdir(parents=True, exist_ok=True, mode=0o700)
        (base / "history").touch(mode=0o600)
        (base / "history").chmod(0o600)  # lines tell of patients
    except OSError:
        return None
    return base / "history"
