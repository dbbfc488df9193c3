// Comfort only: every page works without this file.
"use strict";
(() => {
  // The error summary is read first.
  const summary = document.getElementById("resume");
  if (summary) summary.focus();

  // Show and hide a password; hidden again when it leaves.
  for (const button of document.querySelectorAll("button.reveal")) {
    const input = document.getElementById(button.getAttribute("aria-controls"));
    const set = (shown) => {
      input.type = shown ? "text" : "password";
      button.textContent = shown ? button.dataset.hide : button.dataset.show;
    };
    button.hidden = false;
    button.addEventListener("click", () => set(input.type === "password"));
    input.form.addEventListener("submit", () => set(false));
  }

  // How long the new password is, said when the typing pauses.
  for (const status of document.querySelectorAll(".counter")) {
    const input = document.getElementById(status.dataset.for);
    const minimum = Number(status.dataset.minimum);
    let timer = 0;
    input.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        const n = [...input.value.normalize("NFC")].length;
        const enough = n >= minimum;
        status.classList.toggle("enough", enough);
        status.textContent = n === 0 ? "" : enough ? status.dataset.enough : status.dataset.progress.replace("#", n);
      }, 400);
    });
  }

  // A second press while the first is on its way does nothing. The buttons
  // stay enabled: a disabled one loses the focus and its value.
  for (const form of document.forms) {
    let sent = 0;
    form.addEventListener("submit", (event) => {
      const now = Date.now();
      if (now - sent < 8000) event.preventDefault();
      else sent = now;
    });
    // Coming back with the browser's button, everything may be sent again.
    addEventListener("pageshow", (event) => { if (event.persisted) sent = 0; });
  }

  // The answer to an application leaves by itself. By its button, so that a
  // second press does nothing.
  const onward = document.querySelector("form[data-send] button");
  if (onward) onward.click();

  // Before an idle session ends, the person is asked. The server knows how long
  // is left, and is asked again before the question and while it stands:
  // another tab may have answered it.
  const dialog = document.getElementById("session");
  if (dialog && dialog.showModal) {
    const title = document.title;
    const time = dialog.querySelector("strong");
    const ahead = dialog.dataset.ahead * 1000;
    let end = Date.now() + dialog.dataset.left * 1000;
    let answered = false; // here, and the server does not know yet
    let timer = 0;

    // GET only asks, POST puts the end off. Without an answer our clock goes on.
    const ask = async (method) => {
      const answer = await fetch("/connexion/prolonger", { method }).catch(() => ({}));
      if (answer.status === 410) {
        location.replace(dialog.dataset.over);
        await new Promise(() => {}); // nothing more happens on this page
      }
      if (answer.status === 204) {
        const left = Number(answer.headers.get("Session-Remaining"));
        end = left ? Date.now() + left * 1000 : Infinity; // 0: no answer puts it off
      }
    };

    // « 1 minute 30 secondes », in steps because every change is read out.
    const count = (n, unit) =>
      new Intl.NumberFormat(document.documentElement.lang, { style: "unit", unit, unitDisplay: "long" })
        .format(n).replace(" ", "\u00a0");
    const tell = (left) => {
      const step = left > 60 ? 30 : 10;
      const seconds = Math.max(Math.round(left / step), 1) * step;
      const parts = [[Math.floor(seconds / 60), "minute"], [seconds % 60, "second"]];
      const words = parts.filter(([n]) => n > 0).map(([n, unit]) => count(n, unit)).join(" ");
      if (time.textContent !== words) time.textContent = words;
    };

    const watch = async () => {
      if (end - Date.now() <= ahead) await ask("GET");
      if (answered) return;
      const left = end - Date.now();
      if (left > ahead) dialog.close();
      else {
        tell(left / 1000);
        if (!dialog.open) dialog.showModal();
        document.title = dialog.querySelector("h2").textContent + " – " + title;
      }
      clearTimeout(timer);
      // At most half a minute, because timers stand still while a computer sleeps.
      timer = setTimeout(watch, left > ahead ? Math.min(left - ahead, 30000) : 5000);
    };

    // However the question is closed, by Escape too, it says: still here.
    dialog.querySelector("[type=button]").addEventListener("click", () => dialog.close());
    dialog.addEventListener("close", async () => {
      document.title = title;
      if (end - Date.now() > ahead) return; // answered in another tab
      answered = true;
      await ask("POST");
      answered = false;
      watch();
    });
    document.addEventListener("visibilitychange", watch);
    dialog.hidden = false;
    watch();
  }
})();
