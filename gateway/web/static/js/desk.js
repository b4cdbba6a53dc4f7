/** The desk: calls as cards, missed calls, people; what is pressed and clicked. */
import * as alerts from "./alerts.js";
import { ask } from "./api.js";
import { newCard, showCard, tick } from "./card.js";
import { connect } from "./connect.js";
import { deedsOf, keys } from "./deeds.js";
import { Dialogs } from "./dialogs.js";
import { by, keysOn, list, make, toast, write } from "./dom.js";
import { readDone, showMissed } from "./missed.js";
import { showPeople } from "./people.js";
import { _ } from "./texts.js";
import { nameOf } from "./words.js";

/** @typedef {import("./types.js").Card} Card */
/** @typedef {import("./types.js").Person} Person */

const ORDER = ["ringing", "asking", "asked", "talking", "parked", "passed", "missed", "taken", "ended"];

/** How long after the mark moved by itself no key acts: it was meant for the card before. */
const SURPRISE_MS = 1000;
const OVER = ["missed", "taken", "ended"];

/** What the desk shows, and what can be done from it. */
export class State {
  constructor() {
    /** @type {Card[]} */
    this.cards = [];
    /** @type {Map<string, Person>} */
    this.people = new Map();
    /** @type {import("./types.js").Task[]} */
    this.tasks = [];
    /** @type {Person | null} */
    this.me = null;
    this.skew = 0;
    this.listens = by("desk").dataset.listen === "yes";
    this.current = "";
    this.movedAt = 0;
    /** The marked card's call lived when it was last shown. */
    this.lived = false;
    /** @type {Set<string>} */
    this.busy = new Set();
    this.dialogs = new Dialogs(this);
    this.hub = connect(by("desk").dataset.worker || "", (message) => this.told(message));
  }

  /** @param {any} message */
  told(message) {
    if (message.type === "signed-out") location.assign(`/sign-in?next=${encodeURIComponent(location.pathname)}`);
    else if (message.type === "link") this.linked(message.value);
    else if (message.type === "me") this.me = message.value;
    else if (message.type === "people") this.people = new Map(message.value.map((/** @type {Person} */ one) => [one.id, one]));
    else if (message.type === "tasks") this.tasks = message.value;
    else if (message.type === "cards") Object.assign(this, message.value);
    else if (message.type === "alert") alerts.ring(message.card, message.watched);
    else if (message.type === "dial") this.dialled(message.dial);
    this.show();
  }

  show() {
    this.cards.sort((a, b) => ORDER.indexOf(a.stage || "") - ORDER.indexOf(b.stage || "") || a.call.started_at.localeCompare(b.call.started_at));
    const focused = /** @type {HTMLElement | null} */ (document.activeElement);
    const held = by("cards").contains(focused);
    const before = this.current;
    this.current = this.marked(held);
    if (this.lived && this.current !== before) this.movedAt = Date.now();
    this.lived = this.cards.some((card) => card.call.id === this.current && lives(card));
    list(by("cards"), this.cards, (card) => card.call.id, () => newCard(), (element, card) => {
      showCard(element, card, this);
      element.setAttribute("aria-current", String(card.call.id === this.current));
      const put = /** @type {HTMLElement} */ (element.querySelector('[data-do="dismiss"]'));
      put.onclick = () => this.dismiss(card);
    });
    if (held && document.activeElement !== focused) this.refocus(focused);
    by("no-cards").hidden = this.cards.length > 0;
    alerts.follow(this.cards);
    showPeople(this);
    showMissed(this);
    this.dialogs?.renew();
  }

  /**
   * Keep the focus where it was, or as near as there still is something.
   * @param {HTMLElement | null} focused
   */
  refocus(focused) {
    const card = /** @type {HTMLElement | null} */ (by("cards").querySelector('[aria-current="true"]'));
    (focused?.isConnected ? focused : card || by("cards")).focus();
  }

  /**
   * Which card keys act on: never another one while a call lives, so that no key hits the wrong one.
   * @param {boolean} held somebody's focus is in the cards
   */
  marked(held) {
    const now = this.cards.find((card) => card.call.id === this.current);
    if (now && (lives(now) || held)) return this.current;
    return (this.cards.find(lives) || now || this.cards[0])?.call.id || "";
  }

  /** @param {boolean} up */
  linked(up) {
    by("link").dataset.up = String(up);
    write(by("link"), up ? _("Connected") : _("Connection lost, trying again…"));
  }

  // deeds

  /**
   * @param {Card} card
   * @param {string} to extension
   * @param {boolean} attended
   */
  transfer(card, to, attended) {
    const said = attended ? _("{who} is asked.", { who: nameOf(to, this.people) }) : _("Passed on to {who}.", { who: nameOf(to, this.people) });
    this.once(`transfer ${card.call.id} ${to} ${attended}`, () => ask("POST", `/calls/${card.call.id}/transfer`, { to, attended }), said);
  }

  /** @param {Card} card */
  takeBack(card) {
    if (!this.me?.extension) return toast(_("You have no extension that the call could come to."), "danger");
    const to = this.me.extension;
    this.once(`back ${card.call.id}`, () => ask("POST", `/calls/${card.call.id}/transfer`, { to }), _("The call comes back to you."));
  }

  /**
   * @param {Card} card
   * @param {boolean} passOn
   */
  consulted(card, passOn) {
    const way = passOn ? "complete" : "cancel";
    this.once(`${way} ${card.call.id}`, () => ask("POST", `/calls/${card.call.id}/transfer/${way}`), passOn ? _("Passed on.") : _("The call is yours again."));
  }

  /**
   * @param {Card} card
   * @param {"park" | "hangup"} deed
   */
  act(card, deed) {
    this.once(`${deed} ${card.call.id}`, () => ask("POST", `/calls/${card.call.id}/${deed}`), deed === "park" ? _("The call is parked.") : _("The call is ended."));
  }

  /** @param {string} number */
  dial(number) {
    const key = { "Idempotency-Key": crypto.randomUUID() };
    this.once("dial", () => ask("POST", "/calls", { to: number }, key), _("Your telephone rings; pick it up, then the number is dialled."));
  }

  /** @param {any} dial */
  dialled(dial) {
    if (dial.user_id !== this.me?.id) return;
    const words = dial.state === "failed" ? _("The number was not dialled.") : _("It is not known whether the number was dialled.");
    toast(`${words} ${dial.reason}`, "danger");
  }

  /** @param {Card} card */
  doneWith(card) {
    const task = this.tasks.find((one) => (one.calls || []).some((/** @type {any} */ call) => call.call_id === card.call.id));
    if (!task) return toast(_("The missed call is not in the list yet; try again in a moment."), "danger");
    this.dismiss(card);
    this.taskDone(task.id);
  }

  /** @param {string} id */
  taskDone(id) {
    this.once(id, () => ask("POST", `/tasks/${id}/done`, {}), _("Worked off."));
  }

  /** @param {Card} card */
  dismiss(card) {
    this.hub({ do: "dismiss", id: card.call.id });
  }

  /** @param {string} id */
  look(id) {
    this.hub({ do: "look", id });
  }

  /**
   * @param {string} id
   * @param {boolean} kept
   */
  keep(id, kept) {
    this.hub?.({ do: "keep", id, kept });
  }

  /**
   * Do something, unless the same is being done already: a key that is hit twice.
   * @param {string} what
   * @param {() => Promise<any>} work
   * @param {string} said
   */
  async once(what, work, said) {
    if (this.busy.has(what)) return;
    this.busy.add(what);
    try {
      await work();
      toast(said);
    } catch (error) {
      this.failed(error);
    } finally {
      this.busy.delete(what);
    }
  }

  /** @param {any} error */
  failed(error) {
    const words = /** @type {Record<string, string>} */ ({
      403: _("You may not do that."), 404: _("That is not there any more."), 409: _("That is not possible now."),
      503: _("It was not done: the telephone system does not answer."),
      504: _("It is not known whether that was done. Look before you try again."),
    })[error.status] || _("That did not work.");
    toast(`${words} ${error.status ? error.message : ""}`, "danger");
  }

  // keys

  /** @param {KeyboardEvent} event */
  pressed(event) {
    if (event.repeat || event.ctrlKey || event.altKey || event.metaKey || document.querySelector("dialog[open]")) return;
    const target = /** @type {HTMLElement} */ (event.target);
    if (target.closest("input, textarea, select") && !target.closest("dialog:not([open])")) {
      if (event.key === "Escape") target.blur();
      return;
    }
    if (!keysOn() && event.key !== "?") return;
    if (this.key(letterOf(event))) event.preventDefault();
  }

  /**
   * Do what a key stands for; tell whether it stands for anything.
   * @param {string} letter
   */
  key(letter) {
    if (letter === "?") return help();
    if (letter === "/") return by("people-search").focus(), true;
    const place = this.cards.findIndex((card) => card.call.id === this.current);
    if (["J", "ARROWDOWN"].includes(letter)) return this.mark(place + 1);
    if (["K", "ARROWUP"].includes(letter)) return this.mark(place - 1);
    const card = this.cards[place];
    if (!card) return false;
    if (letter === "X") return this.dismiss(card), true;
    const deed = deedsOf(card, this).find((one) => one.key === letter);
    if (Date.now() - this.movedAt > SURPRISE_MS) deed?.work();
    return Boolean(deed);
  }

  /** @param {number} place */
  mark(place) {
    const card = this.cards[place];
    if (!card) return false;
    this.current = card.call.id;
    this.show();
    /** @type {HTMLElement | null} */ (by("cards").querySelector('[aria-current="true"]'))?.focus();
    return true;
  }
}

/** @param {KeyboardEvent} event */
function letterOf(event) {
  if (event.key === "?" || event.key === "/") return event.key;
  if (/^[a-z]$/i.test(event.key) || event.key.startsWith("Arrow")) return event.key.toUpperCase();
  return /^Key[A-Z]$/.test(event.code) ? event.code.slice(3) : "";
}

/** @param {Card} card */
const lives = (card) => !OVER.includes(card.stage || "");


function help() {
  const shown = /** @type {HTMLDialogElement} */ (by("help"));
  by("help-keys").replaceChildren(...keys().flatMap(([key, text]) => {
    const term = make("dt");
    term.append(make("kbd", key));
    return [term, make("dd", text)];
  }));
  const on = /** @type {HTMLInputElement} */ (by("keys-on"));
  on.checked = keysOn();
  on.onchange = () => localStorage.setItem("keys", on.checked ? "on" : "off");
  shown.showModal();
  return true;
}

const state = new State();
alerts.begin();
by("help-button").addEventListener("click", help);
by("people-search").addEventListener("input", () => showPeople(state));
by("missed-done").addEventListener("change", () => void readDone(state));
document.addEventListener("keydown", (event) => state.pressed(event));
by("cards").addEventListener("focusin", (event) => {
  const card = /** @type {HTMLElement} */ (event.target).closest("li.card");
  const id = /** @type {HTMLElement | null} */ (card)?.dataset.key;
  if (!id || id === state.current) return;
  state.current = id;
  for (const one of by("cards").children) one.setAttribute("aria-current", String(one === card));
});
setInterval(() => {
  for (const card of state.cards) {
    const element = /** @type {HTMLElement | null} */ (by("cards").querySelector(`[data-key="${CSS.escape(card.call.id)}"]`));
    if (element) tick(element, card, state);
  }
}, 1000);
