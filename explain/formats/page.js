"use strict";
// Links outline, picture and passages; without it, and on paper, each step has its passage below it.
const nodes = (id) => document.querySelectorAll(`[data-node="${CSS.escape(id)}"]`);

function text(tag, content, into) {
  const made = document.createElement(tag);
  made.textContent = content;
  into.append(made);
  return made;
}

function side(title, entries, into) {
  const box = document.createElement("div");
  text("h4", title, box);
  if (!entries.length) text("p", "none", box);
  for (const [where, passage] of entries) {
    text("blockquote", passage ? `“${passage}”` : "(no sentence above it)", box);
    const place = text("p", where, box);
    place.className = "fine";
  }
  into.append(box);
}

function show(id) {
  const section = document.getElementById(id.slice(0, id.indexOf("-")));
  const data = JSON.parse(section.querySelector("script.data").textContent)[id];
  const panel = section.querySelector(".passages");
  if (!data || !panel) return;
  panel.replaceChildren();
  text("p", data.words, panel).className = "words";
  text("p", data.kind, panel).className = "fine";
  const sides = document.createElement("div");
  sides.className = "sides";
  side("Policy", data.policy, sides);
  side("Chart", data.chart, sides);
  panel.append(sides);
  text("code", data.atom, panel);
}

// Scrolls a picture, and nothing else, so that a node stands in its middle.
function centre(drawn) {
  const frame = drawn.closest(".drawing");
  const box = drawn.getBoundingClientRect(), outer = frame.getBoundingClientRect();
  frame.scrollLeft += box.left + box.width / 2 - outer.left - outer.width / 2;
  frame.scrollTop += box.top + box.height / 2 - outer.top - outer.height / 2;
}

let picked = "";

function pick(id, scrolls) {
  picked = id;
  document.querySelectorAll(".picked").forEach((each) => each.classList.remove("picked"));
  let first = null;
  for (const each of nodes(id)) {
    if (!each.matches("summary, .leaf")) continue;
    each.classList.add("picked");
    first = first || each;
  }
  const drawn = document.getElementById(`${id}-picture`);
  if (drawn) {
    drawn.classList.add("picked");
    centre(drawn);
  }
  show(id);
  if (scrolls === "outline" && first) {
    for (let up = first.parentElement; up; up = up.parentElement) if (up.tagName === "DETAILS") up.open = true;
    first.scrollIntoView({ block: "center" });
    first.focus({ preventScroll: true });
  }
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-node]");
  const drawn = event.target.closest(".drawing .node");
  if (drawn) pick(drawn.id.replace(/-picture$/, ""), "outline");
  else if (link && link.tagName === "A") { event.preventDefault(); pick(link.dataset.node, "outline"); }
  else if (link) pick(link.dataset.node, "");
});
document.addEventListener("focusin", (event) => {
  const step = event.target.closest("summary[data-node], .leaf");
  if (step) pick(step.dataset.node, "");
});
// A step under the moving pointer is shown in passing; the one that was picked comes back afterwards.
let passing = "";
document.addEventListener("pointermove", (event) => {
  if (!event.movementX && !event.movementY) return;
  const step = event.target.closest(".outline summary, .outline .leaf");
  const drawn = event.target.closest(".drawing .node");
  const under = step ? step.dataset.node : drawn ? drawn.id.replace(/-picture$/, "") : "";
  if (under === passing) return;
  passing = under;
  if (under || picked) show(under || picked);
});
document.addEventListener("keydown", (event) => {
  const drawn = event.target.closest(".drawing .node");
  if (drawn && (event.key === "Enter" || event.key === " ")) {
    event.preventDefault();
    pick(drawn.id.replace(/-picture$/, ""), "outline");
  }
  const step = event.target.closest(".outline summary, .outline .leaf");
  if (step && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
    const all = [...document.querySelectorAll(".outline summary, .outline .leaf")].filter((each) => each.checkVisibility());
    const next = all[all.indexOf(step) + (event.key === "ArrowDown" ? 1 : -1)];
    if (next) { event.preventDefault(); next.focus(); }
  }
  if (step && step.tagName === "SUMMARY" && (event.key === "ArrowRight" || event.key === "ArrowLeft")) {
    event.preventDefault();
    step.parentElement.open = event.key === "ArrowRight";
  }
});

const search = document.getElementById("search");
search.addEventListener("input", () => {
  const wanted = search.value.trim().toLowerCase();
  let count = 0, first = null;
  for (const step of document.querySelectorAll(".outline summary, .outline .leaf")) {
    const hit = wanted !== "" && step.textContent.toLowerCase().includes(wanted);
    step.classList.toggle("match", hit);
    if (!hit) continue;
    count += 1;
    first = first || step;
    for (let up = step.parentElement; up; up = up.parentElement) if (up.tagName === "DETAILS" && !up.contains(step.closest("summary") || null)) up.open = true;
  }
  document.getElementById("found").textContent = wanted ? `${count} step${count === 1 ? "" : "s"}` : "";
  if (first) first.scrollIntoView({ block: "center" });
});

const all = (open) => document.querySelectorAll(".outline details").forEach((each) => { each.open = open; });
document.getElementById("open-all").addEventListener("click", () => all(true));
document.getElementById("close-all").addEventListener("click", () => all(false));
document.querySelectorAll(".fit").forEach((button) => button.addEventListener("click", () => {
  const fitted = button.closest(".picture").querySelector(".drawing").classList.toggle("fitted");
  button.setAttribute("aria-pressed", String(fitted));
}));
document.querySelectorAll(".drawing .node").forEach((each) => {
  each.setAttribute("aria-label", [...each.querySelectorAll("text")].map((line) => line.textContent).join(" "));
});
document.querySelectorAll(".drawing").forEach((each) => {
  const first = each.closest("section").querySelector(".outline [data-node]");
  const root = first && document.getElementById(`${first.dataset.node}-picture`);
  if (root) centre(root);
});
window.addEventListener("beforeprint", () => all(true));
