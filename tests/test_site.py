"""The site of `medproof docs`, and the pages of coverage and diff, as a browser without a network shows them."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from click.testing import CliRunner
from playwright.sync_api import Browser, Page, expect

import cli
import medproof

ROOT = Path(__file__).parent.parent
NASTY = """\
---
id: nasty
title: <script>document.title = 'taken'</script>
kind: guideline
---

# Nasty <img src=x onerror="document.title='taken'">

<!--
# A heading that nobody sees

```datalog
hidden(Case) :- told(Case, "no rule").
```
-->

Prose with <b onclick="1">markup</b>, [a link](javascript:alert(1)), [another](kept.md) and `code`.

```datalog
#fact told(Case: case, Text: text) :: "<script>{Text}</script>".
#pred nasty(Case: case).
nasty(Case) :- told(Case, "</pre><script>document.title='taken'</script>").  % <script>
nasty(Case) :- told(Case, "twice").
nasty(Case :- told
```

```datalog test "<i>a test</i>"
told(c, "twice").
?- nasty(c).
```
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped guidelines, whose tests run quickly."""
    directory = tmp_path_factory.mktemp("site")
    files = [str(ROOT / "kb" / "policies" / name) for name in ("jns-2005-part-8.md", "jns-2014-part-8.md", "anatomy.md")]
    result = CliRunner().invoke(cli.main, ["docs", *files, "-o", str(directory)])
    assert result.exit_code == 0, result.output
    return directory


def opened(browser: Browser, path: Path, anchor: str = "") -> Page:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.context.set_offline(True)
    page.goto(path.as_uri() + anchor)
    return page


def test_every_link_of_the_site_leads_somewhere_without_a_network(browser: Browser, site: Path) -> None:
    anchors: dict[str, set[str]] = {}
    links: list[tuple[str, str]] = []
    for path in site.glob("*.html"):
        page = opened(browser, path)
        anchors[path.name] = set(page.evaluate("[...document.querySelectorAll('[id]')].map(each => each.id)"))
        hrefs = page.evaluate("[...document.querySelectorAll('a[href]:not(svg a)')].map(each => each.href)")
        hrefs += page.evaluate(
            "[...document.querySelectorAll('svg a')].map(each => each.getAttribute('href')).filter(Boolean)"
        )
        links += [(path.name, str(each)) for each in hrefs]
        assert page.evaluate("new Set([...document.querySelectorAll('[id]')].map(e => e.id)).size") == page.evaluate(
            "document.querySelectorAll('[id]').length"
        ), f"two elements of {path.name} have one id"
    inner = [(name, urlsplit(link)) for name, link in links if not link.startswith("http")]
    assert len(inner) > 500
    for name, link in inner:
        target = unquote(link.path.rsplit("/", 1)[-1]) or name
        assert target in anchors, f"{name} leads to {target}, which is not there"
        assert not link.fragment or unquote(link.fragment) in anchors[target], f"{name}: {link.fragment} is not in {target}"


def test_a_page_shows_the_passage_beside_its_rules_with_tests_coverage_and_versions(browser: Browser, site: Path) -> None:
    page = opened(browser, site / "jns-part-8@2014.html")
    text = page.inner_text("main")
    assert "jns-part-8@2005 is in force from 2005-06-01 until 2014-07-01" in " ".join(text.split())
    row = page.locator(".beside", has_text="With a recurrent herniation, which imaging shows").last
    assert "recurrent_with_trigger(Case, Level) :-" in row.locator(".code").inner_text()
    prose, code = row.locator(".prose").bounding_box(), row.locator(".code").bounding_box()
    assert prose is not None
    assert code is not None
    assert prose["x"] + prose["width"] <= code["x"]
    assert row.locator(".line.covered").count() >= 3
    assert page.locator("details.test .passed").count() > 10
    assert page.locator(".failed").count() == 0
    assert page.locator(".picture svg").count() == 1
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280


def test_a_predicate_leads_to_who_concludes_and_uses_it(browser: Browser, site: Path) -> None:
    page = opened(browser, site / "jns-part-8@2014.html")
    page.locator(".code a", has_text="jns_unstable").first.click()
    page.wait_for_url("**/predicates.html#jns_unstable")
    entry = page.locator("#jns_unstable").inner_text()
    assert "concluded by" in entry
    assert "used by" in entry
    page.locator("#jns_unstable a").nth(1).click()
    expect(page.locator(".line:target")).to_have_count(1)


def test_what_strangers_wrote_stays_text_and_mistakes_are_shown(browser: Browser, tmp_path: Path) -> None:
    path = tmp_path / "nasty.md"
    path.write_text(NASTY, encoding="utf-8")
    result = CliRunner().invoke(cli.main, ["docs", str(path), "-o", str(tmp_path / "site")])
    assert result.exit_code == 1 and "nasty.html" in result.output
    for name in ("index.html", "nasty.html", "predicates.html"):
        page = opened(browser, tmp_path / "site" / name)
        assert page.title() != "taken"
        assert page.locator("main script, main img, main b[onclick]").count() == 0
    page = opened(browser, tmp_path / "site" / "nasty.html")
    assert "<script>" in page.inner_text("main")
    assert "hidden(Case)" not in page.inner_text("main")
    assert page.locator("a[href^=javascript]").count() == 0
    assert "syntax" in page.inner_text("header")


def test_coverage_is_shown_over_the_text(browser: Browser, tmp_path: Path) -> None:
    policy, page_file = tmp_path / "half.md", tmp_path / "coverage.html"
    policy.write_text(
        "---\nid: half\nkind: guideline\n---\n\n# Half\n\nOne of two.\n\n```datalog\n"
        "#fact told(Case: case, Text: text).\n#pred one(Case: case).\n#pred two(Case: case).\n"
        'one(Case) :- told(Case, "one").\ntwo(Case) :- told(Case, "two").\n```\n\n'
        '```datalog test "one"\ntold(c, "one").\n?- one(c).\n```\n',
        encoding="utf-8",
    )
    result = CliRunner().invoke(cli.main, ["coverage", str(policy), "-o", str(page_file)])
    assert result.exit_code == 0, result.output
    page = opened(browser, page_file)
    assert "never the only one that fails" in page.locator(".half").first.get_attribute("title")  # type: ignore[operator]
    assert "two(Case)" in page.locator(".unreached").inner_text()
    assert "line 15" in page.inner_text("main")


def test_both_proofs_of_an_answer_that_changed_stand_side_by_side(browser: Browser, tmp_path: Path) -> None:
    path = tmp_path / "impact.html"
    arguments = ["diff", "jns-part-8@2005", "@2014", "--cases", "unstable", "-o", str(path)]
    result = CliRunner().invoke(cli.main, arguments)
    assert result.exit_code == 0, result.output
    page = opened(browser, path)
    before, after = (page.locator(".sides pre").nth(n) for n in (0, 1))
    assert "2005" in before.inner_text()
    assert "2014" in after.inner_text()
    left, right = before.bounding_box(), after.bounding_box()
    assert left is not None
    assert right is not None
    assert left["x"] + left["width"] <= right["x"]
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280


def test_the_api_gives_the_pages() -> None:
    pages = medproof.docs([ROOT / "kb" / "policies" / "jns-2014-part-8.md"], tests=False)
    assert set(pages) == {"index.html", "predicates.html", "jns-part-8@2014.html"}
