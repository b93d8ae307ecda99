// One screen, drawn from /api/state; it asks again as soon as it has drawn, and the server answers
// when there is something new. Nothing is decided here.
import { $, ZONE, language, page, post, tell, text, whole, words } from "./page.js";
import { speak } from "./sound.js";
import { isOpen, open, toggleAssisted } from "./witness.js";
import "./wedge.js";

let clockAhead = 0;

const put = (id, value) => { const node = $(id); node.hidden = !value; if (node.textContent !== value) node.textContent = value; };
const at = (moment) => new Date(moment).toLocaleTimeString("zh-CN", { timeZone: ZONE, hour: "2-digit", minute: "2-digit", hour12: false });
const now = () => new Date(Date.now() + clockAhead);
const may = (what) => page.state.may.includes(what);

function part(id, message) {
  put(id, message ? text(message) : "");
  if (!message) return;
  $(id).dataset.tone = message.tone;
  $(id).title = text(message, true);
}

function draw() {
  const { message, person, lesson, counts, station, programme, screen } = page.state;
  document.documentElement.lang = language() === "zh" ? "zh-CN" : "en";
  document.body.dataset.tone = message.tone;
  document.body.dataset.screen = screen;
  $("icon").setAttribute("href", "#icon-" + message.tone);
  document.querySelectorAll("[data-zh]").forEach((node) => { node.textContent = node.dataset[language()]; });
  $("language").textContent = words().other;

  put("person", person ? [person.name, person.number].filter(Boolean).join("  ") : "");
  put("message", text(message));
  put("next", text(message, true));
  put("note", page.state.note ? text(page.state.note) : "");
  drawDecision();
  drawWayWithoutFace();
  drawCheck();
  drawSetup();

  put("mark", (programme && (programme.mark_text || programme.name)) || "一期一档");
  put("where", [station.institution, station.name].filter(Boolean).join(" · "));
  $("lesson").hidden = !lesson;
  put("topic", lesson ? topic(lesson) : "");
  put("teaching", lesson ? teaching(lesson) : "");
  put("expected", String(counts.expected));
  put("signed-in", String(counts.signed_in));
  put("signed-out", String(counts.signed_out));
  put("phones", programme && programme.phones.length ? [words().phones, ...programme.phones].join("\n") : "");

  put("queue", text(page.state.queue) + (page.state.online ? "" : " · " + words().offline));
  put("held", page.state.held_message ? text(page.state.held_message) : "");
  $("held").dataset.tone = "person";
  part("reader", page.state.reader);
  part("camera", page.state.camera);
  part("chip", page.state.chip_photo_message);
  part("power", page.state.power);
  $("power").classList.toggle("on", page.state.safe_to_power_off);
  $("open-witness").hidden = !["witness", "portrait", "bind"].some(may);
  $("take-photo").hidden = !may("photo");
  banner(page.state.banners);
  speak();
}

function topic(lesson) {
  return words()[lesson.half_day] + " " + at(lesson.starts_at) + "–" + at(lesson.ends_at) + "　" + lesson.topic;
}

function teaching(lesson) {
  return [lesson.title, lesson.instructor && words().by + " " + lesson.instructor, lesson.venue].filter(Boolean).join(" · ");
}

function appear(node, shown, first) {
  const appears = shown && node.hidden;
  node.hidden = !shown;
  if (appears) { if (node.reset) node.reset(); if (!isOpen()) first.focus(); }
}

function drawDecision() { const form = $("decide"); appear(form, page.state.screen === "witness", form.pin); }

// Always as large as the request to look: neither is the way for the difficult.
function drawWayWithoutFace() { appear($("without-face"), page.state.screen === "look", $("without-face")); }

function drawSetup() { const form = $("enrol"); appear(form, page.state.may_enrol && !page.state.enrolled, form.server); }

function drawCheck() {
  const check = page.state.screen === "check" ? page.state.check : null;
  $("check").hidden = !check;
  if (check) { $("answered").textContent = check.answered + " / " + check.here; countDown(); }
}

function countDown() {
  const check = page.state && page.state.check;
  if (!check) return;
  const left = Math.max(0, Math.round((new Date(check.closes_at) - now()) / 1000));
  $("left").textContent = Math.floor(left / 60) + ":" + String(left % 60).padStart(2, "0");
}

function banner(messages) {
  const [first, ...others] = messages;
  put("banner", first ? whole(first) + (others.length ? "（" + words().more.replace("#", others.length) + "）" : "") : "");
}

function tick() {
  $("time").textContent = now().toLocaleTimeString("zh-CN", { timeZone: ZONE, hour12: false });
  $("date").textContent = now().toLocaleDateString(language() === "zh" ? "zh-CN" : "en-GB", { timeZone: ZONE, year: "numeric", month: "long", day: "numeric", weekday: "long" });
  countDown();
}

async function follow() {
  for (;;) {
    try {
      const answer = await fetch("/api/state?after=" + (page.state ? page.state.version : -1));
      if (!answer.ok) throw new Error(answer.statusText);
      page.state = await answer.json();
      clockAhead = new Date(page.state.now) - Date.now();
      draw();
    } catch (error) {
      put("banner", words().lost);
      await new Promise((resolve) => setTimeout(resolve, 1000));
      page.state = null;
    }
  }
}

// The keys: F1 the witness, F2 what the second button says, Enter what has the focus, Esc back.
function decide(decision) {
  const form = $("decide"), pin = form.pin.value;
  form.pin.value = "";
  form.pin.focus();
  if (pin) post("/api/witness", { pin, decision });
}

function second() {
  if (isOpen()) toggleAssisted();
  else if (page.state && page.state.screen === "witness") decide("refuse");
  else if (!$("take-photo").hidden) post("/api/photo");
}

document.addEventListener("keydown", (event) => {
  const act = { F1: () => { if (!isOpen() && !$("open-witness").hidden) open(); }, F2: second }[event.key];
  if (act) { event.preventDefault(); act(); }
});
$("language").addEventListener("click", () => post("/api/language", { language: language() === "zh" ? "en" : "zh" }));
$("take-photo").addEventListener("click", () => post("/api/photo"));
$("open-witness").addEventListener("click", open);
$("without-face").addEventListener("click", () => post("/api/without-face"));
$("decide").addEventListener("submit", (event) => { event.preventDefault(); decide(event.submitter ? event.submitter.value : "allow"); });
$("enrol").addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = event.target;
  tell(form.querySelector(".said"), await post("/api/enrol", { server: form.server.value, code: form.code.value }));
});

setInterval(tick, 500);
tick();
follow();
