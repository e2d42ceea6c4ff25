// Writing an edition: saves as somebody types, merges in what others saved, and loses nothing that was typed.
// Fields are told apart by places, "KEY-FIELD" with the key of their story, which stay when stories move.
"use strict";

(() => {
  const form = document.getElementById("write");
  if (!form) return;

  const PAUSE = 900, AT_LEAST = 5000, EVERY = 10000, GONE = 20000;
  const path = form.dataset.path;
  const page = crypto.getRandomValues(new Uint32Array(2)).join("-");
  const shelf = `newsletter:writing:${form.dataset.edition}:`;
  const status = document.getElementById("saved");
  const undoButton = document.getElementById("take-back");
  const blank = document.getElementById("blank");
  const list = document.getElementById("stories");

  const saved = new Map();
  let savedOrder = [];
  const undos = Number(form.elements.undo.value) ? [Number(form.elements.undo.value)] : [];
  let busy = false, again = false, timer = 0, since = 0, failures = 0, refused = "";

  // what stands in the form

  const sections = () => [...list.querySelectorAll(".story-sheet")];
  const order = () => sections().map((section) => section.dataset.key);
  const section = (key) => sections().find((one) => one.dataset.key === key);
  const wrapper = (place) => [...form.querySelectorAll("[data-place]")].find((one) => one.dataset.place === place);
  const area = (box) => box.querySelector(":scope > textarea");

  function valueOf(box) {
    if (box.matches("details")) return box.querySelector(".picks input:checked")?.value ?? "";
    return area(box).value;
  }

  function put(box, text, picture) {
    if (box.matches("details")) choose(box, text, picture);
    else {
      area(box).value = text;
      grow(area(box));
    }
  }

  function values() {
    return new Map([...form.querySelectorAll("[data-place]")].map((box) => [box.dataset.place, valueOf(box)]));
  }

  const isBlank = (one) => [...one.querySelectorAll("[data-place]")].every((box) => !valueOf(box).trim());
  const told = () => sections().filter((one) => savedOrder.includes(one.dataset.key) || !isBlank(one));

  function changed() {
    const found = [...values()].filter(([place, text]) => saved.has(place) && saved.get(place) !== text);
    const places = found.map(([place]) => place);
    if (told().map((one) => one.dataset.key).join() !== savedOrder.join()) places.push("-stories");
    else if (sections().some((one) => !savedOrder.includes(one.dataset.key) && !isBlank(one))) places.push("-stories");
    return places;
  }

  const open = () => new Set([...form.querySelectorAll("[data-conflict]")].map((box) => box.dataset.conflict));
  const unsaved = () => changed().filter((place) => !open().has(place));
  // what was refused is not offered again until it is changed
  const standing = () => JSON.stringify([order(), unsaved().map((place) => wrapper(place) && valueOf(wrapper(place)))]);
  const waiting = () => (standing() === refused ? [] : unsaved());

  // saving

  function say(state, text) {
    status.dataset.state = state;
    if (status.textContent !== text) status.textContent = text;
  }

  function soon() {
    keep();
    document.dispatchEvent(new CustomEvent("newsletter:words", { detail: { form } }));
    if (!waiting().length) return;
    say("open", "Not saved yet");
    since ||= Date.now();
    clearTimeout(timer);
    timer = setTimeout(save, Math.max(0, Math.min(PAUSE, since + AT_LEAST - Date.now())));
  }

  function body(more) {
    const sent = new FormData(form);
    for (const name of [...sent.keys()].filter((name) => name.endsWith("-upload"))) sent.delete(name);
    for (const name of ["by", "page", "do"]) sent.delete(name);
    sent.append("by", "script");
    sent.append("page", page);
    for (const [name, value] of Object.entries(more)) sent.set(name, value);
    return sent;
  }

  async function save(more = {}) {
    clearTimeout(timer);
    if (busy) {
      again = true;
      return false;
    }
    busy = true;
    since = 0;
    const places = changed(), before = values(), stood = order();
    const sent = body(more);
    if (more.do !== "undo") places.forEach((place) => sent.append("changed", place));
    if (waiting().length) say("busy", "Saving…");
    let good = false;
    try {
      absorb(await post(path, sent), before, stood, more.do);
      failures = 0;
      good = true;
    } catch (trouble) {
      failures += 1;
      say("bad", `Not saved: ${trouble.message}`);
      timer = setTimeout(save, Math.min(60000, 3000 * 2 ** failures));
    }
    busy = false;
    keep();
    if (again) {
      again = false;
      if (good) return save();
    }
    if (good && waiting().length && !timerRuns()) timer = setTimeout(save, PAUSE);
    return good;
  }

  const timerRuns = () => since > 0;

  async function post(where, sent) {
    let answer;
    try {
      answer = await fetch(where, { method: "POST", body: sent, redirect: "manual", headers: { Accept: "application/json" } });
    } catch {
      throw new Error("the desk can’t be reached. Your words are kept in this browser, and it is tried again.");
    }
    if (answer.type === "opaqueredirect") throw new Error("you are signed out. Sign in in another tab, and it goes on.");
    const text = await answer.text();
    let found;
    try {
      found = JSON.parse(text);
    } catch {
      if (answer.status === 403) await renew();
      const page = new DOMParser().parseFromString(text, "text/html");
      throw new Error(page.querySelector("main p")?.textContent || `the desk answered ${answer.status}.`);
    }
    if (!answer.ok) throw new Error(found.sorry || `the desk answered ${answer.status}.`);
    return found;
  }

  // who signed in again has forms of another session
  async function renew() {
    const answer = await fetch(path, { redirect: "manual" });
    if (!answer.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    const token = fresh.querySelector("#write input[name=csrf]")?.value;
    if (token) form.elements.csrf.value = token;
  }

  // what the edition says now, put into the form wherever nobody types

  function absorb(answer, before, stood, done) {
    form.elements.revision.value = answer.revision;
    if (done === "undo") undos.pop();
    else if (answer.isNew) undos.push(answer.revision);
    undoButton.hidden = !undos.length;
    form.elements.undo.value = undos.at(-1) || 0;
    const held = new Set([...answer.conflicts, ...answer.problems].map((one) => one.place));
    const moved = order().join() !== stood.join();
    const isTyped = moved || [...values()].some(([place, text]) => before.has(place) && before.get(place) !== text);
    let isOther = gather(answer, before, stood, held);
    for (const [name, text] of Object.entries(answer.words)) isOther = settle(`-${name}`, text, before, held) || isOther;
    for (const story of answer.stories) {
      for (const field of ["headline", "summary", "url", "image_url", "image_alt", "attribution"]) {
        isOther = settle(`${story.key}-${field}`, story[field], before, held, story.picture) || isOther;
      }
    }
    const keys = answer.stories.map((story) => story.key);
    if (!moved && keys.join() !== order().filter((key) => keys.includes(key)).join()) {
      arrange(keys);
      isOther = true;
    }
    savedOrder = keys;
    for (const problem of form.querySelectorAll(".text > .problem")) problem.remove();
    for (const one of form.querySelectorAll("[aria-invalid]")) one.removeAttribute("aria-invalid");
    answer.problems.forEach(reproach);
    answer.conflicts.forEach((one) => ask(one, stood));
    document.getElementById("sorry")?.remove();
    document.getElementById("approved").hidden = !answer.isApproved;
    show(answer.others);
    renumber();
    refused = answer.problems.length && !isTyped ? standing() : "";
    if (isOther) document.dispatchEvent(new CustomEvent("newsletter:words", { detail: { form } }));
    tell(answer);
  }

  function tell(answer) {
    const time = new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
    if (open().size) say("bad", "Not all saved: choose whose words are kept");
    else if (answer.problems.length) say("bad", `Not all saved: ${answer.problems[0].says}`);
    else if (waiting().length) say("open", "Not saved yet");
    else if (answer.isNew) say("good", `Saved ${time}`);
    else if (["open", "busy", "bad"].includes(status.dataset.state)) say("good", `Saved ${time}`);
  }

  const squashed = (text) => text.replace(/\s+/g, " ").trim();

  // true where the field says something that nobody typed here
  function settle(place, text, before, held, picture) {
    const box = wrapper(place);
    if (!box) return false;
    const now = valueOf(box);
    if (held.has(place) || open().has(place)) return false;
    if (before.has(place) && now !== before.get(place)) {
      saved.set(place, text);
      return false;
    }
    if (now !== text && box.contains(document.activeElement) && squashed(now) === squashed(text)) {
      saved.set(place, now);
      return false;
    }
    saved.set(place, text);
    if (now === text) return false;
    put(box, text, picture);
    return true;
  }

  function gather(answer, before, stood, held) {
    let isOther = false;
    const keys = answer.stories.map((story) => story.key);
    for (const one of sections()) {
      const key = one.dataset.key;
      const isTyped = [...one.querySelectorAll("[data-place]")].some((box) => valueOf(box) !== before.get(box.dataset.place));
      if (!keys.includes(key) && savedOrder.includes(key) && !isTyped && !held.has(`${key}-`) && !open().has(`${key}-`)) {
        one.remove();
        isOther = true;
      }
    }
    answer.stories.forEach((story, number) => {
      if (section(story.key) || stood.includes(story.key)) return; // it is there, or was removed here just now
      list.insertBefore(made(story), sections()[number] || null);
      isOther = true;
    });
    if (isOther) renumber();
    return isOther;
  }

  function made(story) {
    const one = blank.content.firstElementChild.cloneNode(true);
    one.dataset.key = story.key;
    for (const box of one.querySelectorAll("[data-place]")) {
      box.dataset.place = `${story.key}-${box.dataset.place.replace(/^-/, "")}`;
      const field = box.dataset.place.slice(story.key.length + 1);
      put(box, story[field] || "", story.picture);
      if (!story.isNew) saved.set(box.dataset.place, story[field] || "");
    }
    return one;
  }

  function arrange(keys) {
    const focused = document.activeElement;
    const rest = order().filter((key) => !keys.includes(key));
    keys.forEach((key) => section(key) && list.append(section(key)));
    rest.forEach((key) => list.append(section(key)));
    if (focused instanceof HTMLElement && focused !== document.activeElement) focused.focus({ preventScroll: true });
  }

  function renumber() {
    const chosen = [...list.querySelectorAll("input[type=radio]:checked")];
    const all = sections();
    all.forEach((one, number) => {
      const said = number + 1;
      const rename = (text) => text.replace(/^stories-(?:\d+|NUMBER)-/, `stories-${number}-`);
      for (const part of one.querySelectorAll("[name], [id], [for], [aria-describedby]")) {
        for (const name of ["name", "id", "for", "aria-describedby"]) {
          const text = part.getAttribute(name);
          if (text && rename(text) !== text) part.setAttribute(name, rename(text));
        }
      }
      one.setAttribute("aria-label", `Story ${said}`);
      one.querySelector("input[type=hidden][name$='-key']").value = one.dataset.key;
      one.querySelector(".count").textContent = said;
      for (const [kind, label] of [["up", "Move story N up"], ["down", "Move story N down"], ["remove", "Remove story N"]]) {
        const button = one.querySelector(`.tools .${kind}`);
        button.value = `${kind}-${number}`;
        button.setAttribute("aria-label", label.replace("N", said));
      }
      one.querySelector(".up").disabled = number === 0;
      one.querySelector(".down").disabled = said === all.length;
    });
    chosen.forEach((radio) => (radio.checked = true)); // groups of one name for a moment have let go of all but one
    form.elements.stories.value = all.length;
  }

  // what can't be kept, and what two people changed

  function reproach(problem) {
    const box = wrapper(problem.place);
    if (!box || !area(box)) return;
    const says = document.createElement("p");
    says.className = "bad problem";
    says.id = `${area(box).id}-problem`;
    says.textContent = problem.says;
    area(box).after(says);
    area(box).setAttribute("aria-invalid", "true");
    area(box).setAttribute("aria-describedby", says.id);
  }

  function ask(one, stood) {
    form.querySelector(`[data-conflict="${CSS.escape(one.place)}"]`)?.remove();
    const box = document.createElement("fieldset");
    box.className = "conflict";
    box.dataset.conflict = one.place;
    box.dataset.mine = stood.join(" ");
    const legend = document.createElement("legend");
    legend.textContent = one.says;
    box.append(legend, hidden("conflict", one.place), option(one, "theirs", "Theirs"), option(one, "mine", "Yours"));
    const beside = wrapper(one.place);
    if (beside?.matches("details")) beside.open = true;
    (beside || document.getElementById("conflicts")).append(box);
  }

  function hidden(name, value) {
    const input = document.createElement("input");
    Object.assign(input, { type: "hidden", name, value });
    return input;
  }

  function option(one, value, says) {
    const label = document.createElement("label"), radio = document.createElement("input");
    Object.assign(radio, { type: "radio", name: `choose-${one.place}`, value });
    const text = document.createElement("span"), words = document.createElement(one[value] ? "q" : "span");
    words.textContent = one[value] || (one.place.endsWith("-") ? "it stays removed" : "nothing");
    text.append(`${says}: `, words);
    label.append(radio, " ", text);
    return label;
  }

  function decide(radio) {
    const box = radio.closest("[data-conflict]");
    const whose = radio.value, at = box.dataset.conflict, key = at.slice(0, at.lastIndexOf("-"));
    const words = [...box.querySelectorAll("label")].map((label) => label.querySelector("q")?.textContent ?? "");
    const focus = wrapper(at);
    box.remove();
    if (at === "-stories") {
      if (whose === "mine") arrange((box.dataset.mine || form.elements.order.value).split(" "));
    } else if (at.endsWith("-")) {
      if (!words[whose === "mine" ? 1 : 0]) section(key)?.remove();
    } else {
      saved.set(at, words[0]);
      if (whose === "theirs") put(focus, words[0]);
      focus.querySelector("textarea, summary")?.focus();
    }
    renumber();
    soon();
    save();
  }

  function show(others) {
    const box = document.getElementById("others");
    const says = others.map((one) => (one.isYou ? "You have it open in another page" : `${one.who} has it open`));
    if (says.join() === [...box.children].map((one) => one.textContent).join()) return;
    box.replaceChildren(
      ...says.map((text) => {
        const span = document.createElement("span");
        span.textContent = text;
        return span;
      }),
    );
  }

  // pictures

  function choose(box, url, picture) {
    const name = box.querySelector(".picks input").name;
    let radio = [...box.querySelectorAll(".picks input")].find((one) => one.value === url);
    if (!radio) {
      const pick = document.createElement("label"), image = document.createElement("img"), size = document.createElement("small");
      pick.className = "pick";
      radio = document.createElement("input");
      Object.assign(radio, { type: "radio", name, value: url });
      Object.assign(image, { src: picture?.seen || url, alt: "", width: 120, referrerPolicy: "no-referrer" });
      size.textContent = picture?.size || "size not known";
      pick.append(radio, " ", image, " ", size);
      box.querySelector(".picks").prepend(pick);
    }
    radio.checked = true;
    label(box);
  }

  function label(box) {
    const radio = box.querySelector(".picks input:checked");
    const size = radio?.parentElement.querySelector("small")?.textContent;
    box.querySelector(".which").textContent = radio?.value ? (/\d/.test(size || "") ? size : "chosen") : "none";
  }

  async function bring(input) {
    const box = input.closest("details"), wrong = box.querySelector(".upload .problem");
    const sent = new FormData();
    sent.append("csrf", form.elements.csrf.value);
    sent.append("file", input.files[0]);
    wrong.hidden = true;
    input.disabled = true;
    try {
      const found = await post(`${path}/picture`, sent);
      choose(box, found.url, { seen: found.seen, size: `${found.width} × ${found.height}` });
      soon();
    } catch (trouble) {
      wrong.textContent = trouble.message;
      wrong.hidden = false;
    }
    input.disabled = false;
    input.value = "";
  }

  // what this browser keeps until it is saved

  function keep(isLeft = false) {
    try {
      const places = changed();
      if (!places.length) return localStorage.removeItem(shelf + page);
      const now = values();
      const fresh = sections().filter((one) => !savedOrder.includes(one.dataset.key));
      localStorage.setItem(
        shelf + page,
        JSON.stringify({
          at: isLeft ? 0 : Date.now(),
          revision: form.elements.revision.value,
          order: places.includes("-stories") ? order() : null,
          fresh: Object.fromEntries(
            fresh.map((one) => [
              one.dataset.key,
              Object.fromEntries([...one.querySelectorAll("[data-place]")].map((box) => [box.dataset.place, valueOf(box)])),
            ]),
          ),
          fields: Object.fromEntries(places.filter((place) => now.has(place)).map((place) => [place, now.get(place)])),
        }),
      );
    } catch {
      // full or forbidden: it is in the form still
    }
    return undefined;
  }

  // what a page that is gone had not saved: a crash, a lost connection, a session that ended
  function restore() {
    let found;
    try {
      const names = Object.keys(localStorage).filter((name) => name.startsWith(shelf) && name !== shelf + page);
      found = names.map((name) => [name, JSON.parse(localStorage.getItem(name))]);
    } catch {
      return;
    }
    const gone = found.find(([, one]) => Date.now() - one.at > GONE);
    if (!gone || busy || changed().length) return;
    const [name, one] = gone;
    form.elements.revision.value = one.revision;
    for (const [key, fields] of Object.entries(one.fresh || {})) {
      if (section(key)) continue;
      const story = { key, isNew: true };
      for (const [place, text] of Object.entries(fields)) story[place.slice(key.length + 1)] = text;
      list.append(made(story));
    }
    for (const [place, text] of Object.entries(one.fields)) if (wrapper(place)) put(wrapper(place), text);
    if (one.order) {
      sections().filter((each) => !one.order.includes(each.dataset.key)).forEach((each) => each.remove());
      arrange(one.order);
    }
    renumber();
    localStorage.removeItem(name);
    soon();
  }

  // the rest of the page

  const grows = CSS.supports("field-sizing", "content");
  function grow(text) {
    if (grows) return;
    text.style.height = "auto";
    text.style.height = `${text.scrollHeight + 2}px`;
  }

  function act(button) {
    const one = button.closest(".story-sheet");
    if (button.id === "add") {
      if (sections().length >= Number(form.dataset.mostStories)) return say("bad", `An edition has at most ${form.dataset.mostStories} stories`);
      const key = crypto.getRandomValues(new Uint32Array(1))[0].toString(16).padStart(8, "0");
      list.append(made({ key, isNew: true }));
      renumber();
      section(key).querySelector("textarea").focus();
      return undefined;
    }
    if (button.classList.contains("remove")) {
      const next = one.nextElementSibling || one.previousElementSibling;
      one.remove();
      (next?.querySelector(".remove") || document.getElementById("add")).focus();
    } else if (button.classList.contains("up")) one.previousElementSibling?.before(one);
    else one.nextElementSibling?.after(one);
    renumber();
    one.classList.add("moved");
    if (one.isConnected) (button.disabled ? one.querySelector(".up:not(:disabled), .down:not(:disabled)") : button)?.focus();
    soon();
    return save();
  }

  async function undo() {
    if (waiting().length && !(await save())) return;
    if (!undos.length) return;
    await save({ do: "undo", undo: undos.at(-1) });
  }

  const MARKS = { b: ["**", "**"], i: ["*", "*"], k: ["[", "](https://)"] };
  function mark(text, [left, right]) {
    const { selectionStart: from, selectionEnd: to, value } = text;
    text.setRangeText(left + value.slice(from, to) + right, from, to, "end");
    const behind = to + left.length;
    if (right.length > 2) text.setSelectionRange(behind + 2, behind + right.length - 1); // a link's address comes next
    else if (from === to) text.setSelectionRange(behind, behind);
    text.dispatchEvent(new Event("input", { bubbles: true }));
  }

  form.addEventListener("input", (event) => {
    if (event.target.matches("textarea")) grow(event.target);
    if (event.target.type !== "file" && !event.target.closest(".conflict")) soon();
  });
  form.addEventListener("change", (event) => {
    if (event.target.type === "file" && event.target.files.length) bring(event.target);
    else if (event.target.closest(".conflict")) decide(event.target);
    else if (event.target.type === "radio") label(event.target.closest("details"));
  });
  form.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button || button.type !== "submit") return;
    event.preventDefault();
    if (button === undoButton) undo();
    else if (button.value === "save") save({ do: "save" });
    else act(button);
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("keydown", (event) => {
    const isText = event.target.matches("textarea"), command = event.ctrlKey || event.metaKey;
    if (isText && event.key === "Enter" && event.target.hasAttribute("data-line") && !event.isComposing) event.preventDefault();
    if (command && event.key === "s") {
      event.preventDefault();
      save({ do: "save" });
    }
    if (command && !event.shiftKey && !event.altKey && isText && MARKS[event.key] && event.target.closest(".words")) {
      event.preventDefault();
      mark(event.target, MARKS[event.key]);
    }
  });
  addEventListener("beforeunload", (event) => {
    if (unsaved().length) event.preventDefault();
  });
  addEventListener("pagehide", () => {
    keep(true);
    const left = new FormData();
    for (const [name, value] of [["csrf", form.elements.csrf.value], ["page", page], ["do", "leave"]]) left.append(name, value);
    navigator.sendBeacon(path, left);
  });
  document.addEventListener("visibilitychange", () => {
    if (document.hidden ? waiting().length : !busy) save();
  });
  setInterval(() => {
    keep();
    restore();
    if (!document.hidden && !busy && !failures) save();
  }, EVERY);

  for (const [place, text] of values()) saved.set(place, text);
  savedOrder = order();
  for (const text of form.querySelectorAll("textarea")) grow(text);
  const asked = location.hash && document.getElementById(location.hash.slice(1));
  if (asked && form.contains(asked)) {
    if (asked.closest("details")) asked.closest("details").open = true;
    asked.focus();
  }
  restore();
  save();
})();
