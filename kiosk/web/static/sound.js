// Two notes up for done, two low for a person: to be told apart without reading. Then the words, if a voice is here.
import { language, page, post, text } from "./page.js";

let spoken = "", announced = "", audio = null;

export function speak() {
  const { message, person, screen, check } = page.state;
  const saying = message.tone === "rest" ? "" : text(message) + (person && person.name ? "，" + person.name : "");
  if (saying === spoken) return;
  spoken = saying;
  if (!saying || (screen === "check" && check.closes_at === announced)) return;
  if (screen === "check") announced = check.closes_at;
  beep(message.tone);
  if (page.state.voice !== "off") say(saying);
}

function say(saying) {
  if (window.speechSynthesis && speechSynthesis.getVoices().length) {
    const voice = new SpeechSynthesisUtterance(saying);
    voice.lang = language() === "zh" ? "zh-CN" : "en";
    speechSynthesis.cancel();
    speechSynthesis.speak(voice);
  } else if (page.state.voice === "station") post("/api/speak");
}

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
