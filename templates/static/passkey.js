// Asks a passkey. Whoever has no script, or no passkeys, is told so by the page
// and goes on with a code.
"use strict";
(() => {
  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
  const text = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const known = (list) => (list || []).map((k) => ({ ...k, id: bytes(k.id) }));

  for (const form of document.querySelectorAll("form[data-passkey]")) {
    const button = form.querySelector("button");
    const status = form.querySelector("[role=status]");
    const say = (words) => {
      status.hidden = false;
      status.textContent = words;
    };
    if (!window.PublicKeyCredential) {
      say(form.dataset.unknown);
      continue;
    }
    const create = form.dataset.passkey === "create";
    const options = JSON.parse(form.dataset.options);
    options.challenge = bytes(options.challenge);
    if (create) {
      options.user.id = bytes(options.user.id);
      options.excludeCredentials = known(options.excludeCredentials);
    } else options.allowCredentials = known(options.allowCredentials);

    button.hidden = false;
    let asking = false;
    button.addEventListener("click", async () => {
      if (asking) return;
      asking = true;
      status.hidden = true;
      try {
        const key = create
          ? await navigator.credentials.create({ publicKey: options })
          : await navigator.credentials.get({ publicKey: options });
        const { response } = key;
        const answer = { clientDataJSON: text(response.clientDataJSON) };
        if (create) {
          answer.attestationObject = text(response.attestationObject);
          answer.transports = response.getTransports ? response.getTransports() : [];
        } else {
          answer.authenticatorData = text(response.authenticatorData);
          answer.signature = text(response.signature);
          if (response.userHandle) answer.userHandle = text(response.userHandle);
        }
        form.elements.reponse.value = JSON.stringify({
          id: key.id, rawId: text(key.rawId), type: key.type, clientExtensionResults: {}, response: answer,
        });
        form.submit();
      } catch (error) {
        say(error.name === "InvalidStateError" && form.dataset.twice ? form.dataset.twice : form.dataset.failed);
        asking = false;
      }
    });
    // Return in the field for the name does what the button does.
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      button.click();
    });
  }
})();
