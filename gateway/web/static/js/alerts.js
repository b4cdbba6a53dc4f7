/** Sound, desktop notification, title and favicon: so that a call is noticed. Never takes the focus. */
import { by } from "./dom.js";
import { _, plain, telephone } from "./texts.js";
import { whoIs } from "./words.js";

/** @typedef {import("./types.js").Card} Card */

const desk = by("desk");
const title = document.title;
/** @type {AudioContext | null} */
let audio = null;
/** @type {Map<string, Notification>} */
const shown = new Map();
let leads = false;

/** One page of the browser sounds and notifies: whoever holds the lock. */
export function begin() {
  void navigator.locks?.request("santral-alerts", () => {
    leads = true;
    return new Promise(() => {});
  });
  const wanted = desk.dataset.notify === "yes" && typeof Notification !== "undefined";
  const offer = () => {
    by("enable").hidden = !(silent() || (wanted && Notification.permission === "default"));
  };
  void wake().then(offer);
  by("enable-button").addEventListener("click", async () => {
    await wake();
    if (wanted) await Notification.requestPermission();
    offer();
  });
  for (const kind of ["click", "keydown"]) {
    addEventListener(kind, () => {
      if (silent()) void wake().then(offer);
    });
  }
}

const silent = () => desk.dataset.sound === "yes" && audio?.state !== "running";

/** Browsers let a page sound once somebody has done something in it. */
async function wake() {
  if (desk.dataset.sound !== "yes") return;
  audio = audio || new AudioContext();
  if (audio.state === "suspended") await Promise.race([audio.resume(), new Promise((done) => setTimeout(done, 500))]);
}

/**
 * A call begins to ring.
 * @param {Card} card
 * @param {boolean} watched somebody looks at one of our pages
 */
export function ring(card, watched) {
  const who = whoIs(card);
  const responsible = plain(card.caller.items[0]?.responsible?.name);
  const words = [_("Call from {who}", { who: who.name }), who.of, responsible ? _("responsible: {name}", { name: responsible }) : ""];
  by("says").textContent = words.filter(Boolean).join(", ");
  if (!leads) return;
  sound();
  if (watched || desk.dataset.notify !== "yes" || typeof Notification === "undefined" || Notification.permission !== "granted") return;
  const body = [who.of, responsible ? _("responsible: {name}", { name: responsible }) : "", telephone(card.caller.number)].filter(Boolean).join("\n");
  let made;
  try {
    made = new Notification(_("Call from {who}", { who: who.name }), { body, tag: card.call.id, icon: desk.dataset.iconRinging });
  } catch {
    return; // browsers of telephones have none for pages
  }
  const note = made;
  note.onclick = () => {
    window.focus();
    note.close();
  };
  shown.set(card.call.id, note);
}

/**
 * Have title, favicon and notifications say what rings.
 * @param {Card[]} cards
 */
export function follow(cards) {
  const ringing = cards.filter((card) => card.stage === "ringing" && card.call.direction === "in");
  const missed = cards.filter((card) => card.stage === "missed").length;
  const first = ringing[0];
  const mark = first ? `☎ ${whoIs(first).name}` : missed ? `(${missed})` : "";
  document.title = mark ? `${mark} · ${title}` : title;
  const icon = ringing.length ? desk.dataset.iconRinging : desk.dataset.icon;
  const link = /** @type {HTMLLinkElement} */ (by("favicon"));
  if (icon && link.getAttribute("href") !== icon) link.setAttribute("href", icon);
  const living = new Set(ringing.map((card) => card.call.id));
  for (const [id, made] of shown) {
    if (living.has(id)) continue;
    made.close();
    shown.delete(id);
  }
}

/** Two soft tones, twice. */
function sound() {
  if (!audio || audio.state !== "running") return;
  const now = audio.currentTime;
  for (const [at, pitch] of [[0, 660], [0.18, 880], [0.7, 660], [0.88, 880]]) {
    const tone = audio.createOscillator();
    const loud = audio.createGain();
    tone.frequency.value = pitch;
    loud.gain.setValueAtTime(0.0001, now + at);
    loud.gain.exponentialRampToValueAtTime(0.2, now + at + 0.02);
    loud.gain.exponentialRampToValueAtTime(0.0001, now + at + 0.17);
    tone.connect(loud).connect(audio.destination);
    tone.start(now + at);
    tone.stop(now + at + 0.2);
  }
}
