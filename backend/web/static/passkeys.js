// The only script of the site: a passkey can be had from a browser in no other way. Without it, or in a
// browser that cannot, the buttons stay hidden and everything else works.
"use strict";

async function send(path, body) {
  const response = await fetch(path, {
    method: "POST",
    headers: {"Content-Type": "application/json"},
    body: JSON.stringify(body),
  });
  const text = await response.text();
  const answer = text ? JSON.parse(text) : null;
  if (!response.ok) {
    throw new Error(answer && answer.detail ? answer.detail : "That did not work.");
  }
  return answer;
}

async function prove() {
  const {challenge, options} = await send("/auth/passkeys/proof", {});
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options);
  const credential = await navigator.credentials.get({publicKey});
  return {challenge, credential: credential.toJSON()};
}

const actions = {
  "sign-in": async () => send("/auth/passkeys/sign-in", await prove()),
  "step-up": async () => send("/auth/step-up", {passkey: await prove()}),
  "add": async (form) => {
    const name = new FormData(form).get("name");
    const {challenge, options} = await send("/auth/passkeys/new", {});
    const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options);
    const credential = await navigator.credentials.create({publicKey});
    return send("/auth/passkeys", {challenge, name, credential: credential.toJSON()});
  },
};

function explain(form, error) {
  const place = form.querySelector("[role=alert]");
  const cancelled = error.name === "NotAllowedError" || error.name === "AbortError";
  place.textContent = cancelled ? "No passkey was used." : error.message;
  place.hidden = false;
}

const able = window.PublicKeyCredential && PublicKeyCredential.parseRequestOptionsFromJSON;
for (const form of able ? document.querySelectorAll("form[data-passkey]") : []) {
  form.hidden = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      await actions[form.dataset.passkey](form);
      window.location.assign(form.dataset.next);
    } catch (error) {
      explain(form, error);
    }
  });
}
