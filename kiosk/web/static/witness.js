// The witness's dialogue, one step after the other: PIN, roster, what to do for whom, the second witness.
// Everything in a list is reached with the arrows and pressed with Enter; Esc goes a step back.
import { $, page, post, tell, words } from "./page.js";

const dialog = $("witness"), find = $("find"), assisted = [...dialog.querySelectorAll("[name=assisted]")];
const BACK = { unlock: null, roster: null, trainee: "roster", number: "roster", second: "trainee" };
let step = "unlock", pin = "", rows = [], trainee = null, reason = "";

export const isOpen = () => dialog.open;
export function open() { if (!dialog.open) { show("unlock"); dialog.showModal(); focus(); } }
export function toggleAssisted() { if (["trainee", "number"].includes(step)) setAssisted(!assisted[0].checked); }

const may = (what) => page.state.may.includes(what);
const two = () => rows.some((row) => row.two);
function setAssisted(on) { assisted.forEach((box) => { box.checked = on; }); }

function show(next) {
  step = next;
  dialog.querySelectorAll("[data-step]").forEach((node) => { node.hidden = node.dataset.step !== next; });
  focus();
}

function focus() {
  const first = dialog.querySelector(`[data-step=${step}] :is(input:not([type=checkbox]), .items button)`);
  if (dialog.open && first) first.focus();
}

function clear() { dialog.querySelectorAll(".said").forEach((node) => { node.textContent = ""; }); }
function said(answer, where = step) { tell(dialog.querySelector(`[data-step=${where}] .said`), answer); }

function close() {
  pin = ""; rows = []; trainee = null; find.value = "";
  clear(); setAssisted(false);
  ["unlock", "number", "second"].forEach((id) => $(id).reset());
  $("roster").querySelector("ul").replaceChildren();
  dialog.close();
}

// Esc in a later step leaves the step and not the dialogue.
function back() { clear(); setAssisted(false); if (BACK[step]) show(BACK[step]); else close(); }

function button(label, act, ...details) {
  const item = document.createElement("li"), node = document.createElement("button"), name = document.createElement("span");
  node.type = "button"; node.className = "plain"; name.textContent = label;
  node.append(name, ...details.filter(Boolean).map((detail) => { const small = document.createElement("small"); small.textContent = detail; return small; }));
  node.addEventListener("click", act);
  item.append(node);
  return item;
}

// The roster

async function load() {
  const answer = await post("/api/roster", { pin });
  if (!answer.ok) return said(answer, "unlock");
  rows = answer.roster;
  show("roster");
  list();
}

function list() {
  const wanted = find.value.trim();
  const people = rows.filter((row) => (row.number + " " + row.name).includes(wanted));
  $("roster").querySelector("ul").replaceChildren(...(wanted ? [] : actions()), ...people.map((row) => button(row.number + "  " + row.name, () => choose(row), ...done(row))));
}

function done(row) {
  const did = (kind) => row.done.includes(kind);
  return [did("sign_out") ? words().out : did("sign_in") ? words().in : "", did("check") && words().check, row.portrait && words().face];
}

function actions() {
  const all = [
    may("witness") && button(words().number, () => { clear(); $("number").querySelector(".two").hidden = !two(); show("number"); }),
    may("witness") && button(words().start, async () => { const answer = await post("/api/check", { pin }); if (answer.ok) close(); else said(answer); }),
    button(words().paper, () => { location.href = "/paper"; }),
  ];
  return all.filter(Boolean);
}

// One person

function choose(row) {
  trainee = row;
  clear();
  $("trainee-name").textContent = row.number + "  " + row.name;
  const reasons = may("witness") ? ["no_card", "card_unreadable", "other"] : [];
  $("trainee").querySelector("ul").replaceChildren(
    ...reasons.map((code) => button(words().sign + "：" + words()[code === "other" ? "other_reason" : code], () => sign(code))),
    ...(may("portrait") && row.face_consent && page.state.face === "ready" ? [button(words().portrait, portrait)] : []),
    ...(may("bind") ? [button(words().bind, give)] : []),
  );
  show("trainee");
}

async function sign(code, secondPin = "") {
  reason = code;
  if (trainee.two && !secondPin) { clear(); return show("second"); }
  const answer = await post("/api/witness-sign", { pin, enrolment: trainee.enrolment, reason: code, second_pin: secondPin, assisted: assisted[0].checked });
  if (!answer.ok && step === "second") return said(answer);
  await settle(answer);
}

async function settle(answer) {
  setAssisted(false);
  find.value = "";
  await load();
  said(answer, "roster");
}

async function portrait() {
  await settle(await post("/api/portrait", { pin, enrolment: trainee.enrolment }));
}

async function give() {
  const answer = await post("/api/bind", { pin, enrolment: trainee.enrolment });
  if (answer.ok) close(); else said(answer);
}

// Keys and forms

function walk(event) {
  const step_ = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step_) return;
  const stops = [...dialog.querySelectorAll(`[data-step=${step}] :is(#find, .items button)`)];
  const next = stops[stops.indexOf(document.activeElement) + step_];
  if (stops.length && next) { event.preventDefault(); next.focus(); next.scrollIntoView({ block: "nearest" }); }
}

dialog.addEventListener("keydown", walk);
dialog.addEventListener("cancel", (event) => { event.preventDefault(); back(); });
dialog.querySelectorAll(".back").forEach((node) => node.addEventListener("click", back));
find.addEventListener("input", list);
assisted.forEach((box) => box.addEventListener("change", () => setAssisted(box.checked)));
$("unlock").addEventListener("submit", (event) => { event.preventDefault(); pin = event.target.pin.value; event.target.pin.value = ""; load(); });
$("second").addEventListener("submit", (event) => { event.preventDefault(); const given = event.target.pin.value; event.target.pin.value = ""; sign(reason, given); });
$("number").addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = event.target;
  const answer = await post("/api/number", { pin, number: form.number.value, second_pin: two() ? form.second.value : "", assisted: assisted[0].checked });
  form.second.value = "";
  if (!answer.ok) return said(answer);
  form.reset();
  return settle(answer);
});
