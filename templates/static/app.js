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
    addEventListener("pageshow", () => { sent = 0; });
  }
})();
