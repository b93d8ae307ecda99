// Sends files piece by piece (tus 1.0), goes on where the line broke, also after the page was closed. Several at
// once, by choosing or by dropping them. Without it the form sends them whole, as every form does.
(() => {
  const sheet = document.querySelector("[data-uploads]");
  const form = sheet?.querySelector("form");
  const list = document.getElementById("uploads");
  if (!form || !list || !window.fetch || !form.elements.uploads) return;

  const PIECE = 512 * 1024, AT_ONCE = 2, WAITS = [1, 2, 5, 10, 30].map((seconds) => seconds * 1000);
  const line = document.getElementById("upload-line");
  const token = form.elements.csrfmiddlewaretoken.value;
  const words = {};
  for (const word of document.getElementById("upload-words").content.querySelectorAll("[data-word]")) {
    words[word.dataset.word] = word.textContent;
  }
  const base64 = (bytes) => btoa(String.fromCharCode(...bytes));
  const text64 = (text) => base64(new TextEncoder().encode(text));
  const pause = (ms) => new Promise((done) => {
    const timer = setTimeout(done, ms);
    addEventListener("online", () => { clearTimeout(timer); done(); }, { once: true });
  });

  class Refused extends Error {}

  async function ask(address, method, headers = {}, more = {}) {
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
  function key(file, fields) {
    return ["upload", sheet.dataset.uploads, file.name, file.size, file.lastModified, ...Object.values(fields)].join("|");
  }

  async function begin(file, fields, signal) {
    const known = localStorage.getItem(key(file, fields));
    if (known) {
      const answer = await ask(known, "HEAD", {}, { signal });
      if (answer.ok) return [known, Number(answer.headers.get("Upload-Offset"))];
      localStorage.removeItem(key(file, fields));
    }
    const said = { ...fields, filename: file.name };
    const metadata = Object.entries(said).map(([name, value]) => `${name} ${text64(value)}`).join(",");
    const headers = { "Upload-Length": String(file.size), "Upload-Metadata": metadata };
    const answer = await ask(sheet.dataset.uploads, "POST", headers, { signal });
    if (answer.status !== 201) throw new Refused(await answer.text());
    const address = answer.headers.get("Location");
    localStorage.setItem(key(file, fields), address);
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

  class Sending {
    constructor(file, fields) {
      Object.assign(this, { file, fields, tries: 0, stopped: new AbortController() });
      this.row = line.content.firstElementChild.cloneNode(true);
      this.part("name").textContent = file.name;
      this.part("size").textContent = `${(file.size / 1048576).toFixed(1)} MB`;
      this.part("stop").addEventListener("click", () => this.stop());
      this.say("waiting");
      document.getElementById("uploads-none")?.remove();
      list.prepend(this.row);
    }

    part(name) { return this.row.querySelector(`[data-${name}]`); }

    say(word, percent = "") { this.part("said").textContent = words[word].replace("%%", `${percent}%`); }

    refuse(sentence) {
      this.row.classList.add("upload--refused");
      this.part("said").textContent = sentence || words.lost;
      this.part("said").setAttribute("role", "alert");
      this.part("progress").remove();
    }

    async run() {
      while (!this.stopped.signal.aborted) {
        try {
          return await this.send();
        } catch (error) {
          if (error.name === "AbortError") return;
          if (error instanceof Refused) return this.refuse(error.message.length < 300 ? error.message : "");
          this.say("offline");
          await pause(WAITS[Math.min(this.tries++, WAITS.length - 1)]);
        }
      }
    }

    async send() {
      const signal = this.stopped.signal;
      let offset;
      [this.address, offset] = await begin(this.file, this.fields, signal);
      const old = list.querySelector(`[data-upload="${this.address}"]`);
      if (old && old !== this.row) old.remove();
      do {
        this.show(offset);
        offset = await piece(this.address, this.file, offset, signal);
        this.tries = 0;
      } while (offset < this.file.size);
      this.show(offset);
      await this.finish(signal);
    }

    show(offset) {
      const percent = Math.floor((100 * offset) / this.file.size);
      this.part("progress").value = percent;
      if (offset < this.file.size) this.say("sending", percent);
      else this.say("checking");
    }

    async finish(signal) {
      const answer = await ask(this.address, "GET", {}, { signal });
      if (!answer.ok) throw new TypeError("again");
      localStorage.removeItem(key(this.file, this.fields));
      const holder = document.createElement("ul");
      holder.innerHTML = await answer.text();
      this.row.replaceWith(holder.firstElementChild);
    }

    stop() {
      this.stopped.abort();
      localStorage.removeItem(key(this.file, this.fields));
      if (this.address) ask(this.address, "DELETE").catch(() => {});
      this.row.remove();
    }
  }

  const field = (name) => form.elements.namedItem(name);  // a collection has an `item` of its own
  const queue = [];
  let under_way = 0;
  async function next() {
    if (under_way >= AT_ONCE || !queue.length) return;
    under_way += 1;
    await queue.shift().run();
    under_way -= 1;
    next();
  }

  function take(files) {
    const empty = ["item", "caption", ...(field("item").value === "A9" ? ["lesson_id"] : [])].find(
      (name) => !field(name).value.trim(),
    );
    hint.textContent = empty ? words.missing : hinted;
    hint.toggleAttribute("data-missing", Boolean(empty));
    if (empty) {
      form.elements.uploads.value = "";
      field(empty).focus();
      return;
    }
    const fields = { item: field("item").value, kind: field("kind").value, lesson: field("lesson_id").value, caption: field("caption").value };
    for (const file of files) {
      queue.push(new Sending(file, fields));
      next();
    }
    form.elements.uploads.value = "";
  }

  const hint = sheet.querySelector(".drop-hint");
  const hinted = hint.textContent;
  hint.hidden = false;
  form.elements.uploads.required = false;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    take([...form.elements.uploads.files]);
  });
  form.elements.uploads.addEventListener("change", () => {
    if (form.elements.uploads.files.length) take([...form.elements.uploads.files]);
  });
  for (const kind of ["dragenter", "dragover"]) {
    sheet.addEventListener(kind, (event) => {
      event.preventDefault();
      sheet.classList.add("is-over");
    });
  }
  for (const kind of ["dragleave", "drop"]) sheet.addEventListener(kind, () => sheet.classList.remove("is-over"));
  sheet.addEventListener("drop", (event) => {
    event.preventDefault();
    take([...event.dataTransfer.files]);
  });
  addEventListener("beforeunload", (event) => {
    if (under_way) event.preventDefault();
  });
})();
