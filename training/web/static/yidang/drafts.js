// Keeps what a follow-up officer types on this device until the server has confirmed it (201): a page that is closed,
// a battery that is empty, a valley without network lose nothing. What was sent without network goes out by itself
// later, from any page; the key that the form carries makes it one contact however often it arrives.
// Nothing here is encrypted: what lies on the phone is this person's until it is sent, signed out of or a month old.
// Without script the form is an ordinary form.
(() => {
  const panel = document.querySelector("[data-drafts]");
  if (!panel || !window.fetch || !window.localStorage) return;

  const ANYBODYS = "yidang.contact.";
  const PREFIX = `${ANYBODYS}${panel.dataset.drafts}.`;  // of this person: phones are shared
  const KEEP = 30 * 24 * 3600 * 1000;
  const WAITS = [3, 10, 30, 60].map((seconds) => seconds * 1000);
  const holder = document.querySelector("[data-draft]");
  const form = holder?.querySelector("form");
  const own = form && PREFIX + holder.dataset.draft;
  let tries = 0, busy = false, timer;

  const say = (word) => {
    for (const part of panel.querySelectorAll("[data-says]")) part.hidden = part.dataset.says !== word;
  };
  const load = (name) => { try { return JSON.parse(localStorage.getItem(name)); } catch { return null; } };
  const store = (name, draft) => localStorage.setItem(name, JSON.stringify(draft));
  const names = (prefix = PREFIX) => Object.keys(localStorage).filter((name) => name.startsWith(prefix));
  const token = () => document.querySelector("[name=csrfmiddlewaretoken]")?.value;

  const said = () => [...new FormData(form)].filter(([name]) => name !== "csrfmiddlewaretoken");

  function keep(sending) {
    const who = document.querySelector("h1").firstChild.textContent.trim();
    store(own, { address: location.pathname, who, fields: said(), sending, at: Date.now() });
  }

  function restore(fields) {
    const values = new Map();
    for (const [name, value] of fields) values.set(name, [...(values.get(name) || []), value]);
    for (const field of form.elements) {
      if (!field.name || field.name === "csrfmiddlewaretoken") continue;
      const wanted = values.get(field.name) || [];
      if (field.type === "radio" || field.type === "checkbox") field.checked = wanted.includes(field.value);
      else if (wanted.length) field.value = wanted[0];
    }
  }

  // "sent" with where to go on; "refused", which a person must look at; "sign-in"; "waiting" for the network.
  async function send(draft) {
    const body = new URLSearchParams(draft.fields);
    const headers = { Accept: "application/json", "X-CSRFToken": token() };
    let answer;
    try {
      answer = await fetch(draft.address, { method: "POST", body, headers, credentials: "same-origin" });
    } catch {
      return ["waiting"];
    }
    if (answer.status === 201) return ["sent", (await answer.json().catch(() => ({}))).next];
    if (answer.redirected) return ["sign-in"];
    return [answer.status >= 500 || answer.status === 429 ? "waiting" : "refused"];
  }

  function again() {
    clearTimeout(timer);
    timer = setTimeout(deliver, WAITS[Math.min(tries++, WAITS.length - 1)]);
  }

  async function deliverOwn() {
    say("sending");
    const [came, next] = await send(load(own));
    if (came === "sent") {
      localStorage.removeItem(own);
      location.assign(next || location.pathname);
      return;
    }
    if (came === "refused") {
      keep(false);
      HTMLFormElement.prototype.submit.call(form);  // the server's own page says what to do
      return;
    }
    say(came);
    if (came === "waiting") again();
  }

  async function deliverOthers() {
    let sent = false, came;
    for (const name of names().filter((name) => name !== own)) {
      const draft = load(name);
      if (!draft?.sending) continue;
      [came] = await send(draft);
      if (came === "sent") {
        localStorage.removeItem(name);
        sent = true;
      } else if (came === "refused") store(name, { ...draft, sending: false });
      else break;
    }
    if (came === "waiting") again();
    if (came === "sign-in" || sent) say(came === "sign-in" ? came : "sent");
    else if (!form) list();
  }

  async function deliver() {
    if (busy) return;
    busy = true;
    try {
      if (own && load(own)?.sending) await deliverOwn();
      await deliverOthers();
    } finally {
      busy = false;
    }
  }

  function list() {
    const left = names().map(load).filter(Boolean);
    const place = panel.querySelector("[data-list]");
    place.replaceChildren(...left.flatMap((draft) => {
      const link = document.createElement("a");
      link.href = draft.address;
      link.textContent = draft.who;
      return [link, " "];
    }));
    if (left.length) say("left");
  }

  for (const name of names(ANYBODYS)) {
    const draft = load(name);
    if (draft?.at && Date.now() - draft.at > KEEP) localStorage.removeItem(name);
  }

  if (form) {
    holder.prepend(panel);
    const draft = load(own);
    if (draft && !("bound" in holder.dataset)) {
      restore(draft.fields);
      say("restored");
    }
    panel.querySelector("[data-discard]").addEventListener("click", () => {
      localStorage.removeItem(own);
      location.reload();
    });
    for (const kind of ["input", "change"]) form.addEventListener(kind, () => keep(false));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      keep(true);
      tries = 0;
      deliver();
    });
  }
  document.querySelector("[data-sign-out]")?.addEventListener("submit", (event) => {
    const left = names();
    if (left.length && !confirm(panel.dataset.leaving)) event.preventDefault();
    else left.forEach((name) => localStorage.removeItem(name));
  });
  addEventListener("online", () => { tries = 0; deliver(); });
  deliver();
})();
