// The calendar moves: an edition is dragged to another day.
// Without this file the same is done with the form beside each edition.
"use strict";

let dragged = null;
document.addEventListener("dragstart", (event) => {
  const chip = event.target.closest(".chip[data-row]");
  if (chip === null) return;
  dragged = chip;
  event.dataTransfer.effectAllowed = "move";
  event.dataTransfer.setData("text/plain", chip.dataset.row);
});
document.addEventListener("dragend", () => {
  dragged = null;
  for (const cell of document.querySelectorAll(".over")) cell.classList.remove("over");
});
document.addEventListener("dragover", (event) => {
  const cell = goal(event);
  for (const other of document.querySelectorAll(".over")) if (other !== cell) other.classList.remove("over");
  if (cell === null) return;
  event.preventDefault();
  cell.classList.add("over");
});
document.addEventListener("drop", (event) => {
  const cell = goal(event);
  if (cell === null) return;
  event.preventDefault();
  const form = document.querySelector(`form.another[data-row="${CSS.escape(dragged.dataset.row)}"]`);
  form.elements.to.value = cell.dataset.day;
  form.requestSubmit(form.querySelector('button[value="move"]'));
});

// the day that is pointed at, if what is dragged can be let go there
function goal(event) {
  const cell = event.target.closest?.("td[data-day]") ?? null;
  const same = cell !== null && dragged !== null && cell.closest(".calendar") === dragged.closest(".calendar");
  return same && !cell.contains(dragged) ? cell : null;
}

// a link to an edition opens what can be done with it
function openAt() {
  const id = decodeURIComponent(location.hash.slice(1));
  const details = id && document.getElementById(id)?.querySelector("details");
  if (details && !document.querySelector(".took")) details.open = true;
}
addEventListener("hashchange", openAt);
openAt();
