// A file that goes piece by piece (tus 1.0) over a line that may break, on from where it broke, also after the page was
// closed. `tus.send` resolves to the file's address when all of it has come.
window.tus ??= (() => {
  const PIECE = 512 * 1024, WAITS = [1, 2, 5, 10, 30].map((seconds) => seconds * 1000);
  const base64 = (bytes) => btoa(String.fromCharCode(...bytes));
  const text64 = (text) => base64(new TextEncoder().encode(text));
  const pause = (ms) => new Promise((done) => {
    const timer = setTimeout(done, ms);
    addEventListener("online", () => { clearTimeout(timer); done(); }, { once: true });
  });

  class Refused extends Error {}

  async function ask(address, method, headers = {}, more = {}) {
    const token = document.querySelector("[name=csrfmiddlewaretoken]").value;
    const answer = await fetch(address, {
      method,
      headers: { "Tus-Resumable": "1.0.0", "X-CSRFToken": token, ...headers },
      credentials: "same-origin",
      redirect: "error",
      ...more,
    });
    if (answer.status >= 500 || answer.status === 423) throw new TypeError("again");
    return answer;
  }

  // What a file is known by when it is chosen again: another answer in the form is another upload.
  const key = (file, { at, fields }) =>
    ["upload", at, file.name, file.size, file.lastModified, ...Object.values(fields)].join("|");
  const forget = (file, to) => localStorage.removeItem(key(file, to));

  async function begin(file, to, signal) {
    const known = localStorage.getItem(key(file, to));
    if (known) {
      const answer = await ask(known, "HEAD", {}, { signal });
      if (answer.ok) return [known, Number(answer.headers.get("Upload-Offset"))];
      forget(file, to);
    }
    const said = { ...to.fields, filename: file.name };
    const metadata = Object.entries(said).map(([name, value]) => `${name} ${text64(value)}`).join(",");
    const headers = { "Upload-Length": String(file.size), "Upload-Metadata": metadata };
    const answer = await ask(to.at, "POST", headers, { signal });
    if (answer.status !== 201) throw new Refused(await answer.text());
    const address = answer.headers.get("Location");
    localStorage.setItem(key(file, to), address);
    return [address, 0];
  }

  async function piece(address, file, offset, signal) {
    const bytes = await file.slice(offset, offset + PIECE).arrayBuffer();
    const headers = { "Content-Type": "application/offset+octet-stream", "Upload-Offset": String(offset) };
    if (window.crypto?.subtle) {
      const digest = await crypto.subtle.digest("SHA-256", bytes);
      headers["Upload-Checksum"] = `sha256 ${base64(new Uint8Array(digest))}`;
    }
    const answer = await ask(address, "PATCH", headers, { body: bytes, signal });
    if (answer.status === 409 || answer.status === 460) throw new TypeError("again");
    if (!answer.ok) throw new Refused(await answer.text());
    return Number(answer.headers.get("Upload-Offset"));
  }

  async function once(file, to, { show, signal }) {
    let [address, offset] = await begin(file, to, signal);
    do {
      show(offset, address);
      offset = await piece(address, file, offset, signal);
    } while (offset < file.size);
    show(offset, address);
    return address;
  }

  // `to`: `at`, where uploads begin, and `fields`, what is said of this one. `show(offset, address)` hears how far it
  // is, `offline()` that the line broke. Throws Refused with the server's sentence, and AbortError from `signal`.
  async function send(file, to, { show, offline, signal }) {
    let tries = 0;
    const heard = { signal, show: (offset, address) => { if (offset) tries = 0; show(offset, address); } };
    for (;;) {
      try {
        return await once(file, to, heard);
      } catch (error) {
        if (error.name === "AbortError" || error instanceof Refused) throw error;
        offline();
        await pause(WAITS[Math.min(tries++, WAITS.length - 1)]);
        signal?.throwIfAborted();
      }
    }
  }

  return { Refused, ask, forget, send };
})();
