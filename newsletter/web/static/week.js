// This week by keyboard and by hand. Every act is a button of the page's own form, sent by htmx; the answer is the
// board as it is then, and what is said of it stands in a live region.
(() => {
  const $ = (selector, root = document) => root.querySelector(selector);
  const board = () => $("#board");
  const rows = () => [...document.querySelectorAll("#board .row")];
  const seen = () => rows().filter((row) => row.checkVisibility());
  const mayAct = () => board()?.dataset.keys === "act";
  const ways = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 };
  const steps = [-20, -10, 0, 10, 20];
  let at = "", marked = "", busy = false, leaving = "";
  const waiting = [];

  // one story is the one that keys are about; it has the focus, and keeps it when the board is new
  const current = () => document.getElementById(at) || document.activeElement?.closest?.("#board .row") || null;

  function choose(row, { focus = true } = {}) {
    if (!row) return;
    for (const other of rows()) other.tabIndex = -1;
    row.tabIndex = 0;
    at = row.id;
    if (focus) row.focus({ preventScroll: true }), row.scrollIntoView({ block: "nearest" });
  }

  function go(step) {
    const all = seen(), here = all.indexOf(current());
    choose(all[here < 0 ? 0 : Math.min(all.length - 1, Math.max(0, here + step))]);
  }

  // acts: one at a time, for each is about the ranking that the one before it made
  function act(what, more = {}) {
    if (!mayAct()) return;
    if (busy) return void waiting.push([what, more]);
    send($("#acts"), { act: what, ...more });
  }

  function send(form, more) {
    busy = true;
    board().classList.add("is-busy");
    board().setAttribute("aria-busy", "true");
    const values = { ...Object.fromEntries(new FormData(form)), ...more };
    values.ranking = new FormData($("#acts")).get("ranking");
    htmx.ajax("POST", form.action, { values, target: "#board", swap: "outerHTML", source: "#acts" });
  }

  function done() {
    busy = false;
    board()?.classList.remove("is-busy");
    board()?.removeAttribute("aria-busy");
    dress();
    const next = waiting.shift();
    if (next) act(...next);
  }

  function dress() {
    const all = rows();
    for (const row of all) {
      row.tabIndex = -1;
      row.draggable = mayAct() && Boolean(row.dataset.story);
    }
    const here = document.getElementById(at) || all[0];
    if (here) here.tabIndex = 0;
    mark(document.getElementById(`row-${marked}`) ? marked : "");
  }

  function mark(name) {
    marked = name;
    for (const row of rows()) row.classList.toggle("is-marked", Boolean(name) && row.dataset.story === name);
  }

  function say(text) {
    const said = $("#said");
    said.textContent = "";
    const note = document.createElement("div"), words = document.createElement("p");
    note.className = "note";
    words.textContent = text;
    note.append(words);
    said.append(note);
  }

  const headline = (row) => $("h3", row)?.textContent.trim() || "It";
  const button = (row, verb) => $(`.acts [value^="${verb} "]`, row);

  function leaveOut(row) {
    const freed = button(row, "free");
    if (freed && row.classList.contains("left-out")) return act(freed.value);
    leaving = row.dataset.story;
    $("#leave-out-what").textContent = headline(row);
    $("#leave-out-why").value = "";
    $("#leave-out").showModal();
    $("#leave-out-why").focus();
  }

  function boost(row, step) {
    const now = Number(row.dataset.boost || 0);
    const wanted = steps[Math.min(steps.length - 1, Math.max(0, steps.indexOf(now) + step))];
    if (wanted !== now) act(`boost ${row.dataset.story} ${wanted}`);
  }

  function merge(row) {
    if (!marked) {
      mark(row.dataset.story);
      return say(`${headline(row)} is marked: m on another story makes the two one; m on itself lets go.`);
    }
    const first = marked;
    mark("");
    if (first === row.dataset.story) return say("No story is marked.");
    act(`merge ${first} ${row.dataset.story}`);
  }

  async function open(row, focus) {
    const panel = $(".panel", row), link = $("[data-open]", row);
    if (!panel || !link) return;
    if (!panel.hidden && !focus) {
      panel.hidden = true;
      link.setAttribute("aria-expanded", "false");
      return choose(row);
    }
    if (!panel.hasChildNodes()) await htmx.ajax("GET", link.href, { target: panel, swap: "innerHTML" });
    panel.hidden = false;
    link.setAttribute("aria-expanded", "true");
    const first = focus && $(focus, panel);
    if (first) first.focus();
  }

  const keys = {
    p: (row) => act((button(row, "pin") || button(row, "free")).value),
    x: leaveOut,
    m: merge,
    s: (row) => open(row, "[value^='split ']"),
    Enter: (row) => open(row),
    "+": (row) => boost(row, 1),
    "=": (row) => boost(row, 1),
    "-": (row) => boost(row, -1),
  };

  function pressed(event) {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest?.("input, textarea, select, dialog, [contenteditable]")) return;
    if (event.key === "?") return event.preventDefault(), $("#keys").showModal();
    if (!$("#keys-on").checked || !board()) return;
    if (event.key in ways) return event.preventDefault(), go(ways[event.key]);
    // a button or link that has the focus keeps Enter for itself
    if (event.key === "Enter" && event.target.closest?.("a, button, summary")) return;
    if (event.key === "z" && mayAct()) return event.preventDefault(), act("undo");
    if (event.key === "a" && $("#adding")) {
      event.preventDefault();
      $("#adding").open = true;
      return $("#add-url").focus();
    }
    if (event.key === "Escape" && marked) return mark("");
    const row = current();
    if (!row?.dataset.story) return;
    if (/^[1-9]$/.test(event.key) && mayAct() && button(row, `place ${row.dataset.story}`)) {
      event.preventDefault();
      const place = $(`.acts [value="place ${row.dataset.story} ${event.key}"]`, row);
      return place ? act(place.value) : say(`There is no place ${event.key}.`);
    }
    if (!(event.key in keys) || (event.key !== "Enter" && !mayAct())) return;
    event.preventDefault();
    keys[event.key](row);
  }

  // by hand: a story on a slot takes its place or changes places; on another story, the two are one
  let dragged = null;
  const over = (event) => {
    const row = event.target.closest?.("#board .row");
    return row && dragged && row !== dragged && (row.dataset.slot || row.dataset.story) ? row : null;
  };

  function what(row) {
    if (row.dataset.slot) return dragged.dataset.slot ? "Change places" : `Place ${row.dataset.slot}`;
    return dragged.dataset.slot ? "" : "One story";
  }

  function clear() {
    for (const row of document.querySelectorAll(".takes")) row.classList.remove("takes"), delete row.dataset.takes;
  }

  document.addEventListener("dragstart", (event) => {
    dragged = event.target.closest?.("#board .row[draggable='true']") || null;
    if (!dragged) return;
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", headline(dragged));
    dragged.classList.add("is-dragged");
  });
  document.addEventListener("dragover", (event) => {
    const row = over(event);
    clear();
    if (!row || !what(row)) return;
    event.preventDefault();
    row.dataset.takes = what(row);
    row.classList.add("takes");
  });
  document.addEventListener("drop", (event) => {
    const row = over(event);
    if (!row || !what(row)) return;
    event.preventDefault();
    at = dragged.id;
    act(row.dataset.slot ? `place ${dragged.dataset.story} ${row.dataset.slot}` : `merge ${dragged.dataset.story} ${row.dataset.story}`);
  });
  document.addEventListener("dragend", () => {
    dragged?.classList.remove("is-dragged");
    dragged = null;
    clear();
  });

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.id !== "acts" && !form.matches("[data-act]")) return;
    event.preventDefault();
    const pressed = event.submitter?.name ? { [event.submitter.name]: event.submitter.value } : {};
    const row = event.submitter?.closest(".row") || form.closest(".row");
    if (row) at = row.id;
    if (!busy) send(form, pressed);
  });
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("[data-open], [data-leave-out]"), row = event.target.closest?.("#board .row");
    if (row) choose(row, { focus: !event.target.closest("a, button, input, select, summary, form") });
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    if ("open" in link.dataset) open(row);
    else leaveOut(row);
  });
  document.addEventListener("focusin", (event) => {
    const row = event.target.closest?.("#board .row");
    if (row && row.id !== at) choose(row, { focus: false });
  });
  $("#leave-out").addEventListener("close", () => {
    const row = document.getElementById(`row-${leaving}`);
    if ($("#leave-out").returnValue === "yes") act(`exclude ${leaving}`, { reason: $("#leave-out-why").value });
    else if (row) choose(row);
    $("#leave-out").returnValue = "";
  });
  document.addEventListener("keydown", pressed);

  // the board that comes back: the story that was acted on has the focus, wherever it stands now
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target?.id !== "board" && !event.detail.elt?.matches?.("#board")) return;
    done();
    const row = document.getElementById(at), folded = row?.closest("details:not([open])");
    if (folded) folded.open = true;
    if (row) choose(row);
    else if (at) go(0);
  });
  for (const trouble of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
    document.addEventListener(trouble, () => {
      waiting.length = 0;
      done();
      say("That could not be done: the desk did not answer as it should. Open the page again, and look what stands.");
    });
  }

  // a browser that keeps nothing for us keeps the keys on
  const kept = "newsletter-week-keys";
  try {
    $("#keys-on").checked = localStorage.getItem(kept) !== "off";
  } catch { /* no storage */ }
  $("#keys-on").addEventListener("change", (event) => {
    try {
      localStorage.setItem(kept, event.target.checked ? "on" : "off");
    } catch { /* no storage */ }
  });
  $("#show-keys").hidden = false;
  $("#show-keys").addEventListener("click", () => $("#keys").showModal());
  dress();
})();
