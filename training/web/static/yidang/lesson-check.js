// Asks for the findings again while a lesson is being typed. Without it the button "先检查冲突" does the same.
(() => {
  const form = document.querySelector("form[data-check]");
  const findings = document.getElementById("lesson-findings");
  if (!form || !findings) return;
  const PAUSE_MS = 400;
  let timer, asked;

  async function check() {
    asked?.abort();
    asked = new AbortController();
    const address = new URL(form.dataset.check, location.href);
    for (const [name, value] of new FormData(form)) {
      if (name !== "csrfmiddlewaretoken") address.searchParams.set(name, value);
    }
    try {
      const answer = await fetch(address, { signal: asked.signal, credentials: "same-origin" });
      if (!answer.ok || answer.redirected) return;
      const text = await answer.text();
      if (text !== findings.innerHTML) findings.innerHTML = text;
    } catch (error) {
      if (error.name !== "AbortError") findings.setAttribute("data-offline", "");
    }
  }

  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(check, PAUSE_MS);
  });
  if (form.elements.on?.value) check();
})();
