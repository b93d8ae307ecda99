// A reader of token cards that types like a keyboard: faster than any person, and Enter at the end.
import { post } from "./page.js";

const GAP = 50;       // milliseconds between two of its keys
const SHORTEST = 6;   // nobody's Enter after a stray key is a card
let typed = "", last = 0;

function isField(node) { return node instanceof HTMLElement && node.matches("input, textarea, select"); }

document.addEventListener("keydown", (event) => {
  if (isField(event.target)) { typed = ""; return; }
  if (event.timeStamp - last > GAP) typed = "";
  last = event.timeStamp;
  if (event.key === "Enter" && typed.length >= SHORTEST) {
    event.preventDefault();           // it must not press what has the focus
    event.stopImmediatePropagation();
    post("/api/token", { text: typed });
    typed = "";
  } else if (event.key.length === 1 && !event.ctrlKey && !event.altKey && !event.metaKey) typed += event.key;
}, true);
