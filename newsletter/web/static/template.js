// A template as it is written: line numbers beside it, and a word to the look and to the lint whenever it changed.
"use strict";

(() => {
  const text = document.querySelector(".lines textarea");
  if (!text) return;
  const numbers = document.querySelector(".lines pre");
  const lint = document.querySelector("#lint");
  const file = text.form.elements.file.value;
  let wrong = 0;

  function count() {
    const lines = text.value.split("\n").length;
    numbers.replaceChildren();
    for (let line = 1; line <= lines; line += 1) {
      const number = document.createElement(line === wrong ? "b" : "span");
      number.textContent = `${line}\n`;
      numbers.append(number);
    }
    numbers.scrollTop = text.scrollTop;
  }

  function say() {
    document.dispatchEvent(new CustomEvent("newsletter:words", { detail: { form: text.form } }));
  }

  text.addEventListener("input", () => {
    count();
    say();
  });
  text.addEventListener("scroll", () => {
    numbers.scrollTop = text.scrollTop;
  });
  // where the lint names a line of the file in view, its number stands out
  lint?.addEventListener("htmx:afterSwap", () => {
    const at = lint.querySelector("[data-at]")?.dataset.at ?? "";
    const [, name, line] = /([^/]+):(\d+)$/.exec(at) ?? [];
    wrong = name === file ? Number(line) : 0;
    count();
  });

  let kept = text.value;
  text.form.addEventListener("submit", () => {
    kept = text.value;
  });
  window.addEventListener("beforeunload", (event) => {
    if (text.value !== kept) event.preventDefault();
  });

  count();
  if (!text.readOnly) say();
})();
