"use strict";
// One screen, drawn from /api/state; it asks again as soon as it has drawn, and the server answers
// when there is something new. Nothing is decided here.

const $ = (id) => document.getElementById(id);
const ZONE = "Asia/Shanghai";
const WORDS = {
  zh: { am: "上午", pm: "下午", by: "授课人", phones: "监督电话", offline: "未联网", other: "English",
        sign: "签到/签退", portrait: "登记头像", in: "已签到", out: "已签退", lost: "屏幕与本机程序失去联系，请找工作人员" },
  en: { am: "Morning", pm: "Afternoon", by: "Instructor", phones: "Supervision", offline: "offline", other: "中文",
        sign: "Sign in / out", portrait: "Portrait", in: "signed in", out: "signed out", lost: "The screen lost its station program: please see the staff" },
};
let state = null, clockAhead = 0, spoken = "";

const language = () => (state ? state.language : "zh");
const words = () => WORDS[language()];
const text = (message, next = false) => message[(next ? "next_" : "") + language()];
const put = (id, value) => { const node = $(id); node.hidden = !value; if (node.textContent !== value) node.textContent = value; };
const at = (moment) => new Date(moment).toLocaleTimeString("zh-CN", { timeZone: ZONE, hour: "2-digit", minute: "2-digit", hour12: false });

function part(id, message) {
  put(id, text(message));
  $(id).dataset.tone = message.tone;
  $(id).title = text(message, true);
}

function draw() {
  const { message, person, lesson, counts, station, programme } = state;
  document.documentElement.lang = language() === "zh" ? "zh-CN" : "en";
  document.body.dataset.tone = message.tone;
  document.body.dataset.screen = state.screen;
  $("icon").setAttribute("href", "#icon-" + message.tone);
  document.querySelectorAll("[data-zh]").forEach((node) => { node.textContent = node.dataset[language()]; });
  $("language").textContent = words().other;

  put("person", person ? [person.name, person.number].filter(Boolean).join("  ") : "");
  put("message", text(message));
  put("next", text(message, true));
  put("note", state.note ? text(state.note) : "");
  drawDecision();

  put("mark", (programme && (programme.mark_text || programme.name)) || "一期一档");
  put("where", [station.institution, station.name].filter(Boolean).join(" · "));
  $("lesson").hidden = !lesson;
  put("topic", lesson ? topic(lesson) : "");
  put("teaching", lesson ? teaching(lesson) : "");
  put("expected", String(counts.expected));
  put("signed-in", String(counts.signed_in));
  put("signed-out", String(counts.signed_out));
  put("phones", programme && programme.phones.length ? [words().phones, ...programme.phones].join("\n") : "");

  put("queue", text(state.queue) + (state.online ? "" : " · " + words().offline));
  put("held", state.held_message ? text(state.held_message) : "");
  $("held").dataset.tone = "person";
  part("reader", state.reader);
  part("camera", state.camera);
  part("power", state.power);
  $("power").classList.toggle("on", state.safe_to_power_off);
  banner(state.refused ? text(state.refused) + " · " + text(state.refused, true)
    : state.reader.tone === "person" ? text(state.reader) + " · " + text(state.reader, true) : "");
  speak(message, person);
}

function topic(lesson) {
  return words()[lesson.half_day] + " " + at(lesson.starts_at) + "–" + at(lesson.ends_at) + "　" + lesson.topic;
}

function teaching(lesson) {
  return [lesson.title, lesson.instructor && words().by + " " + lesson.instructor, lesson.venue].filter(Boolean).join(" · ");
}

function drawDecision() {
  const form = $("decide"), shown = state.screen === "witness";
  if (shown && form.hidden) { form.reset(); form.hidden = false; form.pin.focus(); }
  form.hidden = !shown;
}

function banner(words) { put("banner", words); }

function speak(message, person) {
  const saying = message.tone === "rest" ? "" : text(message) + (person ? "，" + person.name : "");
  if (saying === spoken) return;
  spoken = saying;
  if (!saying) return;
  beep(message.tone);
  if (!window.speechSynthesis || !speechSynthesis.getVoices().length) return;
  const voice = new SpeechSynthesisUtterance(saying);
  voice.lang = language() === "zh" ? "zh-CN" : "en";
  speechSynthesis.cancel();
  speechSynthesis.speak(voice);
}

// Two notes up for done, one low for a person: to be told apart without reading.
let audio = null;
function beep(tone) {
  const notes = { done: [660, 880], note: [660], wait: [520], person: [300, 300] }[tone];
  if (!notes || !window.AudioContext) return;
  audio = audio || new AudioContext();
  if (audio.state !== "running") { audio.resume().catch(() => {}); return; }
  notes.forEach((pitch, i) => {
    const start = audio.currentTime + i * 0.16, tone = audio.createOscillator(), volume = audio.createGain();
    tone.frequency.value = pitch;
    volume.gain.setValueAtTime(0.2, start);
    volume.gain.exponentialRampToValueAtTime(0.001, start + 0.14);
    tone.connect(volume).connect(audio.destination);
    tone.start(start); tone.stop(start + 0.15);
  });
}

function tick() {
  const now = new Date(Date.now() + clockAhead), zh = language() === "zh";
  $("time").textContent = now.toLocaleTimeString("zh-CN", { timeZone: ZONE, hour12: false });
  $("date").textContent = now.toLocaleDateString(zh ? "zh-CN" : "en-GB", { timeZone: ZONE, year: "numeric", month: "long", day: "numeric", weekday: "long" });
}

async function follow() {
  for (;;) {
    try {
      const answer = await fetch("/api/state?after=" + (state ? state.version : -1));
      if (!answer.ok) throw new Error(answer.statusText);
      state = await answer.json();
      clockAhead = new Date(state.now) - Date.now();
      draw();
    } catch (error) {
      banner(words().lost);
      await new Promise((resolve) => setTimeout(resolve, 1000));
      state = null;
    }
  }
}

async function post(path, body) {
  const answer = await fetch(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
  return answer.json();
}

$("language").addEventListener("click", () => post("/api/language", { language: language() === "zh" ? "en" : "zh" }));
$("take-photo").addEventListener("click", () => post("/api/photo", {}));
$("decide").addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = event.target, pin = form.pin.value;
  form.pin.value = "";
  await post("/api/witness", { pin, decision: event.submitter ? event.submitter.value : "allow" });
  form.pin.focus();
});

// The witness's dialogue: a PIN opens the roster, a row signs in or enrols a portrait.
const dialog = $("witness"), unlock = $("unlock"), roster = $("roster");
let pin = "", rows = [];

function close() { pin = ""; rows = []; unlock.reset(); unlock.hidden = false; roster.hidden = true; $("find").value = ""; clearSaid(); dialog.close(); }
function clearSaid() { dialog.querySelectorAll(".said").forEach((node) => { node.textContent = ""; }); }
function tell(container, answer) {
  const said = container.querySelector(".said"), message = answer.message;
  said.dataset.tone = message.tone || "person";
  said.textContent = message.zh ? text(message) + (text(message, true) ? " · " + text(message, true) : "") : String(message);
}

function row(trainee) {
  const item = document.createElement("li"), name = document.createElement("span"), done = document.createElement("small");
  name.textContent = trainee.number + "  " + trainee.name;
  done.textContent = trainee.done.includes("sign_out") ? words().out : trainee.done.includes("sign_in") ? words().in : "";
  item.append(name, done, button(words().sign, "/api/witness-sign", trainee));
  if (trainee.face_consent && state.face === "ready") item.append(button(words().portrait, "/api/portrait", trainee));
  return item;
}

function button(label, path, trainee) {
  const node = document.createElement("button");
  node.type = "button"; node.textContent = label; node.className = "plain";
  node.addEventListener("click", async () => {
    node.disabled = true;
    const answer = await post(path, { pin, enrolment: trainee.enrolment });
    await load();
    tell(roster, answer);
  });
  return node;
}

function list() {
  const wanted = $("find").value.trim();
  roster.querySelector("ul").replaceChildren(...rows.filter((t) => (t.number + " " + t.name).includes(wanted)).map(row));
}

async function load() {
  const answer = await post("/api/roster", { pin });
  if (!answer.ok) return tell(unlock, answer);
  rows = answer.roster;
  unlock.hidden = true; roster.hidden = false;
  list();
}

$("open-witness").addEventListener("click", () => dialog.showModal());
$("find").addEventListener("input", list);
unlock.addEventListener("submit", (event) => { event.preventDefault(); pin = unlock.pin.value; unlock.pin.value = ""; load(); });
dialog.addEventListener("close", close);
dialog.querySelectorAll(".close").forEach((node) => node.addEventListener("click", close));

setInterval(tick, 500);
tick();
follow();
