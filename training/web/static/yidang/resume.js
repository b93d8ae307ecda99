// Files in an ordinary form go piece by piece (`tus.js`) before the form itself, which then names them. They may be
// dropped onto it. Without script, and where they are small, they go with the form as ever.
(() => {
  const template = document.querySelector("[data-resume]");
  if (!template || !window.fetch || document.body.dataset.resumes) return;
  document.body.dataset.resumes = "1";

  const SMALL = 256 * 1024;
  const words = {};
  for (const word of template.content.querySelectorAll("[data-word]")) words[word.dataset.word] = word.textContent;

  function begun(input, file) {
    const row = template.content.querySelector(".upload").cloneNode(true);
    row.querySelector("[data-name]").textContent = file.name;
    input.after(row);
    return {
      progress: row.querySelector("progress"),
      say: (word, percent = "") => {
        row.querySelector("[data-said]").textContent = (words[word] ?? word).replace("%%", `${percent}%`);
      },
      refuse: (sentence) => {
        row.classList.add("upload--refused");
        row.querySelector("progress").remove();
        row.querySelector("[data-said]").setAttribute("role", "alert");
        row.querySelector("[data-said]").textContent = sentence && sentence.length < 300 ? sentence : words.lost;
      },
    };
  }

  async function send(form, input, file) {
    const row = begun(input, file);
    const show = (offset) => {
      const percent = Math.floor((100 * offset) / file.size);
      row.progress.value = percent;
      row.say("sending", percent);
    };
    try {
      const to = { at: template.dataset.resume, fields: {} };
      const address = await tus.send(file, to, { show, offline: () => row.say("offline") });
      const said = document.createElement("input");
      Object.assign(said, { type: "hidden", name: "resumed" });
      said.value = `${input.name}:${address.replace(/\/$/, "").split("/").pop()}`;
      form.append(said);
      return true;
    } catch (error) {
      row.refuse(error.message);
      return false;
    }
  }

  async function all(form, inputs) {
    const button = form.querySelector("[type=submit]");
    if (button) button.disabled = true;
    const came = [];
    for (const input of inputs) for (const file of input.files) came.push(await send(form, input, file));
    if (came.every(Boolean)) {
      for (const input of inputs) input.value = "";
      HTMLFormElement.prototype.submit.call(form);
      return;
    }
    for (const said of form.querySelectorAll("[name=resumed]")) said.remove();
    if (button) button.disabled = false;
  }

  for (const form of document.querySelectorAll("form[enctype='multipart/form-data']")) {
    const inputs = [...form.querySelectorAll("input[type=file]")];
    if (!inputs.length || form.closest("[data-uploads]")) continue;
    form.addEventListener("submit", (event) => {
      const chosen = inputs.filter((input) => input.files.length);
      if (!chosen.some((input) => [...input.files].some((file) => file.size > SMALL))) return;
      event.preventDefault();
      for (const row of form.querySelectorAll(".upload")) row.remove();
      all(form, chosen);
    });
    if (inputs.length > 1) continue;
    form.addEventListener("dragover", (event) => event.preventDefault());
    form.addEventListener("drop", (event) => {
      event.preventDefault();
      inputs[0].files = event.dataTransfer.files;
      inputs[0].dispatchEvent(new Event("change", { bubbles: true }));
    });
  }
})();
