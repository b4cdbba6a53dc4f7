/** What can be done with a call, and the keys that do it. */
import { _ } from "./texts.js";
import { targetOf } from "./words.js";

/** @typedef {import("./types.js").Card} Card */
/** @typedef {import("./desk.js").State} State */
/** @typedef {{name: string, key: string, icon: string, label: string, kind?: string, work: () => void}} Deed */

/** @returns {[string, string][]} each key and what it does, for the help */
export const keys = () => [
  ["J / ↓", _("next card")], ["K / ↑", _("card before")],
  ["T", _("pass the call on to who is responsible, or complete the transfer")],
  ["A", _("ask the responsible first, then pass on")], ["O", _("pass on to somebody else")],
  ["B", _("take the call back")], ["P", _("park")], ["H", _("hang up")], ["C", _("call back")],
  ["N", _("note on the call")], ["M", _("text message")], ["W", _("new customer with this number")],
  ["E", _("give the number to an existing customer")], ["D", _("done: the missed call is worked off")],
  ["X", _("put the card away")], ["/", _("search people")], ["?", _("these keys")],
];

/**
 * What somebody may do with a call now, the likeliest first.
 * @param {Card} card
 * @param {State} state
 * @returns {Deed[]}
 */
export function deedsOf(card, state) {
  const made = DEEDS[card.stage || "ringing"](card, state, targetOf(card, state.people));
  const unknown = card.caller.kind === "unknown";
  return [
    ...made,
    ...(unknown ? [
      { name: "new", key: "W", icon: "add", label: _("New customer"), work: () => state.dialogs.customer(card) },
      { name: "attach", key: "E", icon: "link", label: _("Existing customer"), work: () => state.dialogs.attach(card) },
    ] : []),
  ];
}

/** @typedef {ReturnType<typeof targetOf>} Target */
/** @type {Record<string, (card: Card, state: State, target: Target) => Deed[]>} */
const DEEDS = {
  ringing: (card, state, target) => {
    if (card.call.direction === "out") return [hangUp(card, state)];
    if (card.call.asks) return [note(card, state)];
    const rung = card.call.parties.filter((one) => one.internal && one.doing === "ringing").map((one) => one.party);
    const sent = card.call.transfers.length > 0 && Boolean(state.me?.extension) && !rung.includes(state.me?.extension || "");
    const there = target && rung.includes(target.extension) ? null : target;
    return [...(sent ? [back(card, state)] : []), ...transfers(card, state, there, false), note(card, state)];
  },
  talking: (card, state, target) => [
    ...transfers(card, state, target, true), park(card, state), note(card, state), text(card, state), hangUp(card, state),
  ],
  asking: (card, state) => [
    { name: "complete", key: "T", icon: "transfer", kind: "primary", label: _("Pass on now"), work: () => state.consulted(card, true) },
    { name: "back", key: "B", icon: "back", label: _("Take back"), work: () => state.consulted(card, false) },
    note(card, state),
  ],
  asked: (card, state) => [note(card, state)],
  passed: (card, state) => [back(card, state), note(card, state)],
  parked: (card, state, target) => [back(card, state), ...transfers(card, state, target, false), note(card, state)],
  taken: () => [],
  missed: (card, state) => [...call(card, state, "primary"), text(card, state), done(card, state), note(card, state)],
  ended: (card, state) => [...call(card, state, ""), note(card, state), text(card, state)],
};

/** @type {(card: Card, state: State, target: Target, talks: boolean) => Deed[]} */
function transfers(card, state, target, talks) {
  /** @type {Deed[]} */
  const found = [];
  if (target && target.extension !== state.me?.extension) {
    const to = target.deputy ? _("Transfer to the deputy {name}", { name: target.name }) : _("Transfer to {name}", { name: target.name });
    found.push({ name: "transfer", key: "T", icon: "transfer", kind: "primary", label: to, work: () => state.transfer(card, target.extension, false) });
    if (talks) found.push({ name: "ask", key: "A", icon: "ask", label: _("Ask first"), work: () => state.transfer(card, target.extension, true) });
  }
  found.push({ name: "other", key: "O", icon: "search", kind: found.length ? "" : "primary", label: _("Somebody else…"), work: () => state.dialogs.targets(card, talks) });
  return found;
}

/** @type {(card: Card, state: State) => Deed} */
const back = (card, state) => ({ name: "back", key: "B", icon: "back", kind: "primary", label: _("Take back"), work: () => state.takeBack(card) });
/** @type {(card: Card, state: State) => Deed} */
const park = (card, state) => ({ name: "park", key: "P", icon: "park", label: _("Park"), work: () => state.act(card, "park") });
/** @type {(card: Card, state: State) => Deed} */
const hangUp = (card, state) => ({ name: "hangup", key: "H", icon: "end", kind: "danger", label: _("Hang up"), work: () => state.act(card, "hangup") });
/** @type {(card: Card, state: State) => Deed} */
const note = (card, state) => ({ name: "note", key: "N", icon: "note", label: _("Note"), work: () => state.dialogs.note(card) });
/** @type {(card: Card, state: State) => Deed} */
const text = (card, state) => ({ name: "sms", key: "M", icon: "message", label: _("Text message"), work: () => state.dialogs.sms(card) });
/** @type {(card: Card, state: State) => Deed} */
const done = (card, state) => ({ name: "done", key: "D", icon: "done", label: _("Done"), work: () => state.doneWith(card) });
/** @type {(card: Card, state: State, kind: string) => Deed[]} */
const call = (card, state, kind) =>
  card.call.number ? [{ name: "call", key: "C", icon: "phone", kind, label: _("Call back"), work: () => state.dial(card.call.number) }] : [];
