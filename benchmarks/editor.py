"""How long the language server takes from a keystroke to its diagnostics, on a base of 2,000 rules.

    python benchmarks/editor.py

Goal: 100 ms. Typed in a document of a hundred rules among twenty, and in one document of 2,000.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from lsprotocol import types as t  # noqa: E402
from pygls.lsp.client import LanguageClient  # noqa: E402


def document(name: str, rules: int) -> str:
    """A guideline of many rules, each below its sentence; ten of them rest on one another."""
    lines = ["---", f"id: {name}", "kind: guideline", "---", "", f"# {name}"]
    for number in range(rules):
        below = f", {name}_{number - 1}(Case)" if number % 10 else ""
        head = f"{name}_{number}(Case)"
        rule = f'{head} :- requested(Case, Item, _, _, _), Item != "kind {number}"{below}.'
        lines += ["", f"Rule {number}.", "", "```datalog", f"#pred {name}_{number}(Case: case).", rule, "```"]
    return "\n".join(lines) + "\n"


async def typed(folder: Path, file: str, text: str, runs: int) -> list[float]:
    """Milliseconds from each of some keystrokes in the last rule of a document to what the server says of it."""
    client, news = LanguageClient("benchmark", "1"), asyncio.Event()
    client.feature(t.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)(lambda _: news.set())
    await client.start_io(sys.executable, "-m", "cli", "lsp", cwd=ROOT)
    folders = [t.WorkspaceFolder(folder.as_uri(), "base")]
    await client.initialize_async(t.InitializeParams(t.ClientCapabilities(), workspace_folders=folders))
    client.initialized(t.InitializedParams())
    uri = (folder / file).as_uri()
    client.text_document_did_open(t.DidOpenTextDocumentParams(t.TextDocumentItem(uri, "markdown", 1, text)))
    await news.wait()
    row = len(text.split("\n")) - 3
    column = text.split("\n")[row].index("kind ")
    times = []
    for version in range(2, runs + 3):
        news.clear()
        change = t.TextDocumentContentChangePartial(t.Range(t.Position(row, column), t.Position(row, column)), "x")
        started = time.perf_counter()
        client.text_document_did_change(
            t.DidChangeTextDocumentParams(t.VersionedTextDocumentIdentifier(version, uri), [change])
        )
        await news.wait()
        times.append((time.perf_counter() - started) * 1000)
    await client.shutdown_async(None)
    client.exit(None)
    await client.stop()  # type: ignore[no-untyped-call]
    return times[1:]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=20)
    runs = parser.parse_args().runs
    print("ms from keystroke to diagnostics (goal: 100)")
    for documents, rules in ((20, 100), (1, 2_000)):
        with tempfile.TemporaryDirectory() as directory:
            texts = {f"part{number}.md": document(f"part{number}", rules) for number in range(documents)}
            for name, text in texts.items():
                Path(directory, name).write_text(text, encoding="utf-8")
            times = asyncio.run(typed(Path(directory), "part0.md", texts["part0.md"], runs))
        shown = f"median {statistics.median(times):.0f}, min {min(times):.0f}, max {max(times):.0f}"
        print(f"  {documents:3} documents of {rules:5} rules: {shown}")


if __name__ == "__main__":
    main()
