"""The page in a real browser: by mouse, by key, dark, narrow, printed; and what a reviewer finds on it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

import medproof
from explain.formats import Options, exported
from tests.test_formats import nasty_chart


@pytest.fixture(scope="module")
def base() -> medproof.Library:
    return medproof.load()


@pytest.fixture(scope="module")
def files(base: medproof.Library, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    charts = {
        "reference": medproof.open_case("reference"),
        "two-weeks": medproof.open_case("two-weeks"),
        "nasty": nasty_chart(),
    }
    made = {}
    for name, chart in charts.items():
        made[name] = folder / f"{name}.html"
        made[name].write_text(str(exported(medproof.explain(base, chart), "html", Options())), encoding="utf-8")
    return made


@pytest.fixture
def page(browser: Browser, files: dict[str, Path]) -> Iterator[Page]:
    """The reference case's page; the test fails on any message in the console and on any request for something else."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    opened, complaints, requests = context.new_page(), list[str](), list[str]()
    opened.on("console", lambda message: complaints.append(message.text))
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on("request", lambda request: requests.append(request.url))
    opened.goto(files["reference"].as_uri())
    yield opened
    assert complaints == []
    assert [url for url in requests if not url.startswith("file:")] == []
    context.close()


def section(page: Page, question: str) -> str:
    """The id of the section of a question."""
    found = page.locator("section", has=page.locator("h2", has_text=question)).get_attribute("id")
    assert found is not None
    return found


def test_the_answers_stand_on_top_with_counts_of_criteria(page: Page) -> None:
    answers = page.locator("nav li").all_inner_texts()
    assert answers[0].startswith("supports approval (on the reviewer’s word) Is revision discectomy, CPT 63042")
    assert answers[1].startswith("not indicated on this record")
    assert page.locator("#g0 .counts").inner_text() == "Of 5: 5 met, 0 not met, 0 without a record"


def test_a_reviewer_finds_which_sentences_waived_the_six_weeks_and_show_the_weakness(page: Page) -> None:
    page.locator("#g0 .criteria a", has_text="conservative therapy has failed, or is waived").click()
    panel = page.locator("#g0 .passages")
    assert "unless the indication is urgent" in panel.inner_text()
    page.locator("#g0 summary", has_text="weakness on the side of revision discectomy is progressive").first.click()
    assert (
        "Weakness that progresses, on the statement of a clinician or the reviewer, within the three months"
        in panel.inner_text()
    )
    assert "The motor deficit is progressive." in panel.inner_text()
    page.locator("#g0 .hinges a", has_text="strength of the left gastrocnemius").click()
    assert "The left gastrocnemius is 4/5." in panel.inner_text()


def test_a_reviewer_finds_what_would_topple_the_approval_and_why_fusion_is_not_indicated(page: Page) -> None:
    hinges = page.locator("#g0 .hinges li").all_inner_texts()
    assert any("If wrong: the deficit (extremity weakness, left) is called progressive" in each for each in hinges)
    fusion = page.locator(f"#{section(page, 'Is fusion indicated')}")
    assert "segmental instability at L5-S1" in fusion.locator(".missing").inner_text()
    assert "instability is documented at L5-S1" in fusion.locator(".outline").inner_text()


def test_outline_and_picture_are_linked_both_ways(page: Page) -> None:
    step = page.locator("#g0 .outline .leaf", has_text="compression of the left S1 root").locator("visible=true").first
    step.click()
    node = step.get_attribute("data-node")
    assert page.locator(f"[id='{node}-picture']").get_attribute("class") == "node picked"
    drawn = page.locator("#g0 .drawing .node", has_text="is advanced imaging").first
    drawn.click()
    picked = page.locator("#g0 .outline .picked").first
    assert "mri is advanced imaging" in picked.inner_text()
    assert picked.evaluate("each => each === document.activeElement")


def test_everything_is_reached_by_key(page: Page) -> None:
    page.locator("#g0 .outline summary").first.focus()
    page.keyboard.press("ArrowLeft")
    assert not page.locator("#g0 .outline details").first.evaluate("each => each.open")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    assert "is a lumbar decompression" in page.evaluate("document.activeElement.innerText")
    assert "Policy" in page.locator("#g0 .passages").inner_text()
    page.locator("#g0 .drawing .node", has_text="is medically").first.focus()
    page.keyboard.press("Enter")
    assert "is medically necessary" in page.evaluate("document.activeElement.innerText")


def test_search_opens_what_it_finds(page: Page) -> None:
    page.get_by_role("button", name="Close all").click()
    assert page.locator("#g0 .leaf").locator("visible=true").count() == 0
    page.get_by_label("Search the proofs").fill("gastrocnemius was 4/5")
    assert re.fullmatch(r"[1-9]\d* steps?", page.locator("#found").inner_text())
    assert page.locator(".match").locator("visible=true").count() > 0


def test_alternates_of_a_conclusion_are_offered_as_ways(page: Page) -> None:
    assert "in 2 ways, any of which is enough" in page.locator("#g0 .outline").inner_text()


def test_each_step_has_its_kind_in_words_for_a_screen_reader(page: Page) -> None:
    tree = page.locator("#g0 .outline").aria_snapshot()
    assert "concluded:" in tree
    assert "stated:" in tree
    assert all(page.locator("#g0 .drawing .node").first.get_attribute(name) for name in ("aria-label", "role", "tabindex"))


@pytest.mark.parametrize(("width", "scheme"), [(1280, "dark"), (400, "light")])
def test_nothing_is_cut_off_in_the_dark_or_on_a_narrow_screen(
    width: int, scheme: str, browser: Browser, files: dict[str, Path]
) -> None:
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(files["two-weeks"].as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    light = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (light == "rgb(255, 255, 255)") is (scheme == "light")
    context.close()


def test_it_prints_with_every_step_open(browser: Browser, files: dict[str, Path]) -> None:
    page = browser.new_page()
    page.goto(files["reference"].as_uri())
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = false)")
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    assert page.locator(".outline details").evaluate_all("all => all.every(each => each.open)")
    assert not page.locator(".tools").is_visible()
    assert page.pdf()[:4] == b"%PDF"
    page.close()


def test_hostile_text_stays_text(browser: Browser, files: dict[str, Path]) -> None:
    page, dialogs, errors = browser.new_page(), list[str](), list[str]()
    page.on("dialog", lambda dialog: dialogs.append(dialog.message))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(files["nasty"].as_uri())
    page.locator("#g0 .outline summary").first.click()
    assert "<script>alert(1)</script>" in page.locator("#g0 .passages").inner_text()
    assert page.locator("main img, main a[href^=javascript], section script:not([type])").count() == 0
    assert (dialogs, errors) == ([], [])
    page.close()
