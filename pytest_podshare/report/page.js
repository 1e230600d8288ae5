// The search, and unfolding. Everything else on the page works without it.
"use strict";
const tools = document.querySelector(".tools");
const sections = [...document.querySelectorAll(".pod")];
const rows = [...document.querySelectorAll(".grid tr.filtered")];
const groups = [...document.querySelectorAll(".manifest, .grid tbody")];
const texts = [];

// the text of a section with the path of its manifest
function textOf(index) {
  texts[index] ??= `${sections[index].closest(".manifest").querySelector("h3").textContent} ${
    sections[index].textContent}`.toLowerCase();
  return texts[index];
}

function search(query) {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  let count = 0;
  sections.forEach((section, index) => {
    const isFound = words.every(word => textOf(index).includes(word));
    section.hidden = !isFound;
    rows[index].hidden = !isFound;
    count += isFound;
  });
  for (const group of groups)
    group.hidden = !group.querySelector(".pod:not([hidden]), tr.filtered:not([hidden])");
  tools.querySelector("output").textContent = words.length
    ? `${count} of ${sections.length} Pod templates` : "";
}

// unfold what a link leads to, in browsers that do not
function reveal() {
  const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!target) return;
  for (let node = target; node; node = node.parentElement) {
    if (node.tagName === "DETAILS") node.open = true;
    if (node.hidden) node.hidden = false;
  }
  // the filter may hide it
  if (!target.checkVisibility()) document.getElementById("show-all")?.click();
  target.scrollIntoView();
}

const input = tools.querySelector("input[type=search]");
for (const element of tools.querySelectorAll("[hidden]")) element.hidden = false;
input.addEventListener("input", () => search(input.value));
for (const button of tools.querySelectorAll("button"))
  button.addEventListener("click", () => {
    for (const section of sections) section.open = button.name === "unfold";
  });
// as on many sites, / leads to the search
document.addEventListener("keydown", event => {
  if (event.key !== "/" || event.target.matches("input") || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  input.focus();
});
// a browser restores the text of the field when it goes back to the page
if (input.value) search(input.value);
window.addEventListener("hashchange", reveal);
reveal();
