// Beside each moment on a newsletter's clock, the same moment on the viewer's, where it reads otherwise.
(() => {
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const read = (moment, zone, options) => new Intl.DateTimeFormat("en-GB", { ...options, timeZone: zone }).format(moment);
  const day = { day: "numeric", month: "numeric" };
  const clock = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };

  function complete(root) {
    for (const time of root.querySelectorAll("time[data-zone]")) {
      const moment = new Date(time.dateTime), there = time.dataset.zone;
      if (Number.isNaN(moment.getTime())) continue;
      delete time.dataset.zone;
      time.removeAttribute("data-zone");
      let said = "";
      try {
        const same = read(moment, there, day) === read(moment, here, day);
        if (same && read(moment, there, clock) === read(moment, here, clock)) continue;
        said = (same ? "" : read(moment, here, { weekday: "short" }) + " ") + read(moment, here, clock);
      } catch { continue; }
      const mine = document.createElement("span");
      mine.className = "mine";
      mine.textContent = ` (${said} for you)`;
      time.after(mine);
    }
  }
  complete(document);
  document.addEventListener("htmx:afterSwap", () => complete(document));
})();
