// What a page cannot do without a script: count down, and ask for passkeys. Without it codes work all the same.

const again = document.querySelector("[data-wait]");
if (again) {
  const told = document.getElementById("wait");
  const left = told.querySelector("[data-left]");
  const end = Date.now() + Number(again.dataset.wait) * 1000;
  // A screen reader is told of the end, not of every second.
  told.setAttribute("aria-live", "off");
  again.disabled = true;
  const count = () => {
    const seconds = Math.ceil((end - Date.now()) / 1000);
    if (seconds > 0) {
      left.textContent = String(seconds);
      setTimeout(count, 250);
    } else {
      again.disabled = false;
      told.setAttribute("aria-live", "polite");
      told.textContent = "You can ask for a new code now.";
    }
  };
  count();
}

class Told extends Error {}

async function post(path, body) {
  const reply = await fetch(path, { method: "POST", ...body });
  const isJson = (reply.headers.get("content-type") ?? "").startsWith("application/json");
  const answer = isJson ? await reply.json() : {};
  if (!reply.ok) throw new Told(answer.error ?? "That did not work. Please try again.");
  return answer;
}

const json = (credential) => ({ headers: { "content-type": "application/json" }, body: JSON.stringify(credential.toJSON()) });

// A code is good for one challenge. Who closes the browser's dialogue is asked for the same one again.
let asked = {};

async function create(form) {
  const body = new URLSearchParams(new FormData(form));
  if (asked.body !== body.toString()) asked = { body: body.toString(), options: await post("/passkey/options", { body }) };
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(asked.options);
  const credential = await navigator.credentials.create({ publicKey });
  asked = {};
  return post("/passkey/register", json(credential));
}

async function get() {
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(await post("/passkey/challenge", {}));
  return post("/passkey/sign-in", json(await navigator.credentials.get({ publicKey })));
}

function sentence(error) {
  if (error instanceof Told) return error.message;
  if (error instanceof TypeError && navigator.onLine === false) return "There is no connection. Please try again.";
  switch (error.name) {
    case "InvalidStateError":
      return "This device has a passkey for this account already.";
    case "NotAllowedError":
      return "No passkey was used: the time was up, or it was cancelled. Please try again.";
    case "SecurityError":
      return "Passkeys do not work at this address of the site.";
    default:
      console.error(error);
      return "This browser could not use a passkey. Please try another way.";
  }
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  const [alert, button] = [form.querySelector("[role=alert]"), form.querySelector("button")];
  if (!window.PublicKeyCredential?.parseCreationOptionsFromJSON) {
    alert.textContent = "This browser has no passkeys. The other ways do without.";
    alert.hidden = false;
    button.disabled = true;
  }
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    button.disabled = true;
    alert.hidden = true;
    try {
      const { location } = form.dataset.passkey === "create" ? await create(form) : await get();
      window.location.assign(location);
    } catch (error) {
      alert.textContent = sentence(error);
      alert.hidden = false;
      button.disabled = false;
    }
  });
}
