// The two pages beside the screen: what this device knows, and the register on paper.
import { $, post, tell } from "./page.js";

function onSubmit(id, act) {
  const form = $(id);
  if (!form) return;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const answer = await act(form);
    if (form.pin) form.pin.value = "";
    tell(form.querySelector(".said"), answer);
  });
}

onSubmit("retry", async (form) => post("/api/retry", { pin: form.pin.value }));
onSubmit("enrol", async (form) => post("/api/enrol", { server: form.server.value, code: form.code.value }));
onSubmit("paper", async (form) => {
  const answer = await post("/api/paper", { pin: form.pin.value });
  $("sheets").innerHTML = answer.html;  // made by the station's own template
  $("print").hidden = !answer.html;
  return answer;
});
if ($("print")) $("print").addEventListener("click", () => window.print());
