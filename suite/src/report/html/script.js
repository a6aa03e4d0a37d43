"use strict";
// Copies, searches and filters. Without it everything is shown, and nothing of the report is missing.
for (const button of document.querySelectorAll(".copy")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const pre = button.parentElement.querySelector("pre");
    try {
      await navigator.clipboard.writeText(pre.textContent);
      button.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(pre);
      button.textContent = "Selected";
    }
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  });
}

const form = document.querySelector(".filter");
const rows = [...document.querySelectorAll(".requirements > li")];
const kinds = rows.map((row) => {
  const [verdict, level, category] = row.dataset.is.split("|");
  return { verdict, level, category };
});
const texts = rows.map((row) => row.querySelector("summary").textContent.toLowerCase());
const fields = ["q", "verdict", "level", "category"];
form.hidden = false;

function show() {
  const wanted = Object.fromEntries(fields.map((name) => [name, form.elements[name].value]));
  const words = wanted.q.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  rows.forEach((row, at) => {
    const fits = ["verdict", "level", "category"].every((name) => !wanted[name] || kinds[at][name] === wanted[name])
      && words.every((word) => texts[at].includes(word));
    row.hidden = !fits;
    shown += fits ? 1 : 0;
  });
  form.querySelector("output").textContent = shown + " of " + rows.length;
}

function remember() {
  const state = new URLSearchParams();
  for (const name of fields) {
    if (form.elements[name].value) state.set(name, form.elements[name].value);
  }
  const hash = state.toString() ? "#?" + state : location.pathname + location.search;
  history.replaceState(null, "", hash);
  show();
}

function recall() {
  if (location.hash.startsWith("#?")) {
    const state = new URLSearchParams(location.hash.slice(2));
    for (const name of fields) form.elements[name].value = state.get(name) ?? "";
  } else if (location.hash.length > 1) {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (target?.hidden) {
      form.reset();
    }
    target?.querySelector(":scope > details")?.setAttribute("open", "");
  }
  show();
}

form.addEventListener("input", remember);
form.addEventListener("submit", (event) => event.preventDefault());
addEventListener("hashchange", recall);
recall();
