/** One call on the desk. */
import { button, copy, list, make, slot, write } from "./dom.js";
import { _, moment, plain, span, telephone } from "./texts.js";
import { kindName, nameOf, outcomeName, stageName, stateName, targetOf, whoIs } from "./words.js";
import { deedsOf } from "./deeds.js";

/** @typedef {import("./types.js").Card} Card */
/** @typedef {import("./desk.js").State} State */

const TONES = /** @type {Record<string, string>} */ ({
  ringing: "ringing", passed: "ringing", asking: "talking", asked: "talking", talking: "talking", parked: "ringing",
  missed: "missed", taken: "talking", ended: "",
});

/** @returns {HTMLElement} */
export const newCard = () => copy("card");

/**
 * @param {HTMLElement} element
 * @param {Card} card
 * @param {State} state
 */
export function showCard(element, card, state) {
  const { call, caller } = card;
  const stage = card.stage || "ringing";
  const tone = TONES[stage];
  element.dataset.tone = tone;
  const who = whoIs(card);
  element.setAttribute("aria-label", [stageName(stage), who.name, who.of].filter(Boolean).join(", "));
  const tag = slot(element, "tag");
  tag.className = `tag ${tone}`;
  tag.dataset.rings = String(stage === "ringing" || stage === "passed");
  write(slot(element, "stage"), stageText(card, state));
  write(slot(element, "line"), call.did ? _("on {line}", { line: telephone(call.did) }) : call.direction === "out" ? _("outgoing") : "");
  write(slot(element, "name"), who.name);
  write(slot(element, "of"), who.of);
  slot(element, "of-row").hidden = !who.of;
  const number = telephone(caller.number || call.caller);
  write(slot(element, "number"), number === who.name ? "" : number);
  write(slot(element, "hint"), who.hint);
  showResponsible(element, card, state);
  showChoices(element, card, state);
  showActions(element, card, state);
  showMore(element, card, state);
  tick(element, card, state);
}

/**
 * @param {HTMLElement} element
 * @param {Card} card
 * @param {State} state
 */
export function tick(element, card, state) {
  const from = Date.parse(card.call.started_at);
  const to = card.call.ended_at ? Date.parse(card.call.ended_at) : Date.now() + state.skew;
  write(slot(element, "timer"), card.stage === "missed" ? moment(card.call.started_at) : span((to - from) / 1000));
}

/**
 * @param {Card} card
 * @param {State} state
 */
export function stageText(card, state) {
  const { call } = card;
  const doing = (/** @type {string} */ what) => call.parties.filter((one) => one.internal && one.doing === what).map((one) => nameOf(one.party, state.people));
  if (card.stage === "ringing" && call.queue) return _("Waiting in the queue {queue}", { queue: plain(call.queue) });
  if (card.stage === "ringing" || card.stage === "passed") {
    const rung = [...new Set(doing("ringing"))].join(", ");
    return rung ? _("Rings at {who}", { who: rung }) : stageName(card.stage);
  }
  if (card.stage === "taken") {
    const speaks = [...doing("talking"), ...doing("holding")][0] || nameOf(call.answered_by, state.people);
    return speaks ? _("Answered by {who}", { who: speaks }) : stageName("taken");
  }
  if (card.stage === "talking" && call.state === "held") return _("On hold");
  return stageName(card.stage || "ringing");
}

/**
 * @param {HTMLElement} element
 * @param {Card} card
 * @param {State} state
 */
function showResponsible(element, card, state) {
  const row = slot(element, "responsible-row");
  const known = card.caller.kind === "choice" ? null : card.caller.items[0]?.responsible;
  row.hidden = !known;
  if (!known) return;
  const now = state.people.get(known.id);
  const told = now?.state || known.state;
  write(slot(row, "responsible"), plain(known.name));
  write(slot(row, "extension"), now?.extension || known.extension);
  const mark = slot(row, "state");
  mark.dataset.state = told;
  const until = now?.until || known.until;
  write(mark, told === "absent" && until ? _("absent until {when}", { when: moment(until) }) : stateName(told));
  const deputy = now ? now.deputy : known.deputy;
  write(slot(row, "deputy"), told === "absent" && deputy ? _("deputy: {name} ({state})", { name: plain(deputy.name), state: stateName(deputy.state) }) : "");
}

/**
 * @param {HTMLElement} element
 * @param {Card} card
 * @param {State} state
 */
function showChoices(element, card, state) {
  const items = card.caller.kind === "choice" ? card.caller.items : [];
  const shown = slot(element, "choices");
  shown.hidden = !items.length;
  list(shown, items, (match) => match.party.id + (match.person?.name || ""), () => make("li", "", "row spread"), (row, match) => {
    const text = [plain(match.person?.name), plain(match.party.name), plain(match.responsible?.name)].filter(Boolean).join(" · ");
    const lives = ["ringing", "talking"].includes(card.stage || "");
    const target = lives ? targetOf({ ...card, caller: { ...card.caller, items: [match] } }, state.people) : null;
    const signature = `${text} ${target?.name} ${target?.extension}`;
    if (row.dataset.signature === signature) return;
    row.dataset.signature = signature;
    const words = document.createElement("bdi");
    words.textContent = text;
    row.replaceChildren(words);
    if (target) {
      row.append(button({ icon: "transfer", label: _("To {name}", { name: target.name }), work: () => state.transfer(card, target.extension, false) }));
    }
  });
}

/**
 * @param {HTMLElement} element
 * @param {Card} card
 * @param {State} state
 */
function showActions(element, card, state) {
  const deeds = deedsOf(card, state);
  const group = slot(element, "actions");
  list(group, deeds, (deed) => `${deed.name} ${deed.label}`, (deed) => button({ ...deed, work: undefined }), (made, deed) => {
    made.dataset.do = deed.name;
    made.className = `button ${deed.kind || ""}`;
    made.onclick = deed.work;
  });
}

/**
 * @param {HTMLElement} element
 * @param {Card} card
 * @param {State} state
 */
function showMore(element, card, state) {
  const { call, caller } = card;
  const match = caller.kind === "customer" ? caller.items[0] : null;
  write(slot(element, "notes"), plain(match?.notes));
  slot(element, "notes-row").hidden = !match?.notes;
  list(slot(element, "call-notes"), call.notes, (note) => note.at, (note) => make("li", `${moment(note.at)} ${plain(note.by)}: ${plain(note.text)}`), () => {});
  const told = card.crm.flatMap((answer) => crmLines(answer));
  list(slot(element, "crm"), told, (line) => line, (line) => make("li", line), () => {});
  const last = (match?.last || []).filter((one) => one.ref !== call.id);
  slot(element, "last-row").hidden = !last.length;
  list(slot(element, "last"), last, (one) => one.id + one.outcome, (one) => {
    const row = make("li");
    const text = make("bdi", plain(one.text), "text muted");
    const arrow = one.direction === "in" ? "←" : "→";
    if (one.document && state.listens) row.append(listen(one.document));
    row.append(make("time", moment(one.started_at), "numeric"), make("span", `${arrow} ${kindName(one.kind)}, ${outcomeName(one.outcome, one.kind)}`), make("span", plain(one.user_name), "muted"), text);
    return row;
  }, () => {});
}

/**
 * A button that becomes a player: nothing is fetched, nor written down as heard, before.
 * @param {string} source
 */
function listen(source) {
  const made = button({ icon: "sound", label: _("Listen"), kind: "quiet", work: () => {
    const player = document.createElement("audio");
    player.controls = true;
    player.src = source;
    player.onerror = () => player.replaceWith(make("span", _("It cannot be played here."), "muted"));
    made.replaceWith(player);
    player.focus();
    void player.play();
  } });
  return made;
}

/** @param {import("./types.js").CrmAnswer} answer */
function crmLines(answer) {
  if (answer.state !== "answered") return [_("{crm} does not answer now", { crm: answer.link })];
  return answer.cards.map((one) => {
    const age = one.copied_at ? " " + _("(as of {when})", { when: moment(one.copied_at) }) : "";
    return `${answer.link}: ${[one.person, one.party, one.responsible].map(plain).filter(Boolean).join(" · ")}${age}`;
  });
}
