// Draws the edition again as it is typed: the words of the form go to the server, and come back as one reader's message.
// What can't be shown leaves the last look where it is, and says why.
"use strict";

(() => {
  const panel = document.querySelector("[data-looks]");
  if (!panel) return;

  // after the last keystroke, in milliseconds; what is drawn then is there before 300 have passed
  const PAUSE = 50;
  const frame = panel.querySelector("iframe");
  const sorry = panel.querySelector(".looks-sorry");
  const links = [...panel.querySelectorAll("[data-look]")];
  let look = links[0].dataset.look;
  let shownLook = look;
  const reader = panel.querySelector(".looks-reader");
  let form = null;
  let address = "";
  let waiting = 0;
  let running = null;

  document.addEventListener("newsletter:words", (event) => {
    form = event.detail.form;
    clearTimeout(waiting);
    waiting = setTimeout(draw, PAUSE);
  });

  for (const link of links) {
    link.addEventListener("click", (event) => {
      if (event.metaKey || event.ctrlKey || event.shiftKey) return;
      event.preventDefault();
      choose(link);
      draw();
    });
  }

  reader?.addEventListener("submit", (event) => {
    event.preventDefault();
    address = reader.elements.reader.value;
    draw();
  });

  function choose(chosen) {
    look = chosen.dataset.look;
    for (const link of links) link.toggleAttribute("aria-current", false);
    chosen.setAttribute("aria-current", "true");
    panel.querySelector(".looks-means").textContent = chosen.title;
  }

  async function draw() {
    running?.abort();
    panel.setAttribute("aria-busy", "true");
    const mine = (running = new AbortController());
    try {
      const answer = await fetch(panel.dataset.looks + look, { method: "POST", body: words(), signal: mine.signal });
      // in the frame's own name: in ours its styles would be held against our policy, and thrown away
      const page = new frame.contentWindow.DOMParser().parseFromString(await answer.text(), "text/html");
      if (mine !== running) return;
      if (answer.redirected) say("You are signed out: sign in again in another tab, then go on here.");
      else if (!answer.ok) say(sentence(page));
      else show(page);
    } catch (error) {
      if (error.name !== "AbortError") say("The desk can’t be reached just now, so this shows what was typed before.");
    } finally {
      if (mine === running) panel.removeAttribute("aria-busy");
    }
  }

  function words() {
    const body = new URLSearchParams();
    for (const [name, value] of form ? new FormData(form) : []) {
      if (typeof value === "string") body.append(name, value);
    }
    body.set("csrf", panel.dataset.csrf);
    if (address) body.set("reader", address);
    return body;
  }

  function sentence(page) {
    const said = page.querySelector("[data-sorry]") ?? page.querySelector("main p");
    return said ? said.textContent : "This can’t be shown.";
  }

  function say(text) {
    if (sorry.textContent !== text) sorry.textContent = text;
    sorry.hidden = false;
  }

  // in place, so that nothing flickers, pictures stay loaded, and the page stays where it was scrolled to
  function show(page) {
    sorry.hidden = true;
    sorry.textContent = "";
    const shown = frame.contentDocument;
    const old = shown.documentElement;
    const stays = shownLook === look;
    const left = stays ? old.scrollLeft : 0;
    const top = stays ? old.scrollTop : 0;
    const before = stays ? texts(old) : null;
    const fresh = shown.adoptNode(page.documentElement);
    keepPictures(old, fresh);
    shown.replaceChild(fresh, old);
    fresh.scrollLeft = left;
    fresh.scrollTop = top;
    if (stays) bringIntoView(before, fresh);
    shownLook = look;
    panel.dispatchEvent(new CustomEvent("newsletter:drawn", { bubbles: true }));
  }

  function keepPictures(old, fresh) {
    const loaded = new Map([...old.querySelectorAll("img[src]")].map((image) => [image.getAttribute("src"), image]));
    for (const image of fresh.querySelectorAll("img[src]")) {
      const there = loaded.get(image.getAttribute("src"));
      if (!there) continue;
      loaded.delete(image.getAttribute("src"));
      for (const { name } of [...there.attributes]) if (name !== "src") there.removeAttribute(name);
      for (const { name, value } of image.attributes) if (name !== "src") there.setAttribute(name, value);
      image.replaceWith(there);
    }
  }

  function texts(root) {
    const found = [];
    const walker = root.ownerDocument.createTreeWalker(root.querySelector("body"), NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) found.push(walker.currentNode);
    return found.map((node) => node.data);
  }

  function bringIntoView(before, root) {
    const walker = root.ownerDocument.createTreeWalker(root.querySelector("body"), NodeFilter.SHOW_TEXT);
    for (let number = 0; walker.nextNode(); number += 1) {
      if (walker.currentNode.data === before[number]) continue;
      const place = walker.currentNode.parentElement;
      const box = place.getBoundingClientRect();
      if (!box.height) continue; // the first words for inboxes, which are hidden
      if (box.top < 0 || box.bottom > root.clientHeight) place.scrollIntoView({ block: "center" });
      return;
    }
  }

  // a window that is wider than the room beside the form is shown smaller
  const stage = panel.querySelector(".looks-stage");
  const fit = () => {
    const width = parseFloat(getComputedStyle(panel).getPropertyValue("--width"));
    panel.style.setProperty("--scale", String(Math.min(1, panel.clientWidth / width)));
  };
  new ResizeObserver(fit).observe(panel);
  panel.addEventListener("change", fit);
  stage.style.overflow = "hidden";
  fit();
})();
