// Keys of the reviewer's desk, and a click that marks a place in a picture. Every key stands for a link, a button
// or a field on the page (`data-key`), so nothing is lost without it.
(() => {
  const THOUSANDTHS = 1000;

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const typing = event.target.closest("input, textarea, select");
    if (event.key === "Escape" && typing) typing.blur();
    if (typing) return;
    const target = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
    if (!target) return;
    event.preventDefault();
    const field = target.querySelector("textarea");
    if (field) field.focus();
    else target.click();
  });

  const picture = document.querySelector("[data-place]");
  const form = document.querySelector(".judge-return");
  if (!picture || !form) return;
  const overlay = picture.querySelector("svg");

  picture.addEventListener("click", (event) => {
    const frame = picture.getBoundingClientRect();
    const x = Math.round(((event.clientX - frame.left) / frame.width) * THOUSANDTHS);
    const y = Math.round(((event.clientY - frame.top) / frame.height) * THOUSANDTHS);
    form.elements.x.value = x;
    form.elements.y.value = y;
    for (const end of ["1", "2"]) {
      overlay.querySelector(".mark-across").setAttribute(`y${end}`, y);
      overlay.querySelector(".mark-down").setAttribute(`x${end}`, x);
    }
    overlay.removeAttribute("hidden");
    form.elements.reason.focus();
  });
})();
