// Files that go into an archive, piece by piece (`tus.js`). Several at once, by choosing or by dropping them. Without it
// the form sends them whole, as every form does.
(() => {
  const sheet = document.querySelector("[data-uploads]");
  const form = sheet?.querySelector("form");
  const list = document.getElementById("uploads");
  if (!form || !list || !window.fetch || !form.elements.uploads) return;

  const AT_ONCE = 2;
  const line = document.getElementById("upload-line");
  const words = {};
  for (const word of document.getElementById("upload-words").content.querySelectorAll("[data-word]")) {
    words[word.dataset.word] = word.textContent;
  }

  class Sending {
    constructor(file, fields) {
      Object.assign(this, { file, to: { at: sheet.dataset.uploads, fields }, stopped: new AbortController() });
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
      const signal = this.stopped.signal;
      try {
        do {
          const show = (offset, address) => this.show(offset, address);
          await tus.send(this.file, this.to, { show, signal, offline: () => this.say("offline") });
        } while (!(await this.finish(signal)));
      } catch (error) {
        if (error instanceof tus.Refused) this.refuse(error.message.length < 300 ? error.message : "");
        else if (error.name !== "AbortError") throw error;
      }
    }

    show(offset, address) {
      this.address = address;
      const old = list.querySelector(`[data-upload="${address}"]`);
      if (old && old !== this.row) old.remove();
      const percent = Math.floor((100 * offset) / this.file.size);
      this.part("progress").value = percent;
      if (offset < this.file.size) this.say("sending", percent);
      else this.say("checking");
    }

    // Whether the server's line for it has come.
    async finish(signal) {
      const answer = await tus.ask(this.address, "GET", {}, { signal }).catch((error) => {
        if (error.name === "AbortError") throw error;
      });
      if (!answer?.ok) return false;
      tus.forget(this.file, this.to);
      const holder = document.createElement("ul");
      holder.innerHTML = await answer.text();
      this.row.replaceWith(holder.firstElementChild);
      return true;
    }

    stop() {
      this.stopped.abort();
      tus.forget(this.file, this.to);
      if (this.address) tus.ask(this.address, "DELETE").catch(() => {});
      this.row.remove();
    }
  }

  const field = (name) => form.elements.namedItem(name);  // a collection has an `item` of its own
  const KINDS = { A4: "plan", A8: "register_scan", A9: "photo" };  // what is handed in for them nearly always
  field("item").addEventListener("change", () => {
    field("kind").value = KINDS[field("item").value] ?? "other";
  });

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
