/** What the service's words are called on the page. */
import { _, plain, telephone } from "./texts.js";

/** @typedef {import("./types.js").Card} Card */
/** @typedef {import("./types.js").Person} Person */

const STATES = /** @type {Record<string, string>} */ ({
  free: _("free"), ringing: _("telephone rings"), busy: _("on the telephone"), away: _("away"),
  absent: _("absent"), unknown: _("not known"),
});
const STAGES = /** @type {Record<string, string>} */ ({
  ringing: _("Ringing"), talking: _("Talking"), asking: _("Asking first"), asked: _("You are asked"), passed: _("Passed on"),
  parked: _("Parked"), taken: _("Answered"), missed: _("Missed"), ended: _("Over"),
});
const OUTCOMES = /** @type {Record<string, string>} */ ({
  answered: _("answered"), no_answer: _("not answered"), busy: _("busy"), declined: _("declined"),
  offline: _("telephone offline"), cancelled: _("hung up"), answered_elsewhere: _("answered elsewhere"),
  forwarded: _("forwarded"), abandoned: _("hung up in the queue"), voicemail: _("voicemail"), fax: _("fax"),
  failed: _("failed"), received: _("received"), sent: _("sent"), delivered: _("delivered"),
  undelivered: _("not delivered"), uncertain: _("uncertain"), queued: _("waiting"), sending: _("being sent"),
  cancelled_sms: _("taken back"), expired: _("expired"),
});
const KINDS = /** @type {Record<string, string>} */ ({ call: _("Call"), sms: _("Text message"), fax: _("Fax") });

/** @param {string} state */
export const stateName = (state) => STATES[state] || state;
/** @param {string} stage */
export const stageName = (stage) => STAGES[stage] || stage;
/**
 * @param {string} outcome
 * @param {string} [kind] of the contact: a text message that is cancelled was taken back
 */
export const outcomeName = (outcome, kind = "call") => OUTCOMES[kind === "sms" && outcome === "cancelled" ? "cancelled_sms" : outcome] || outcome;
/** @param {string} kind */
export const kindName = (kind) => KINDS[kind] || kind;

/**
 * Who is on the other side of a card's call.
 * @param {Card} card
 * @returns {{name: string, of: string, hint: string}}
 */
export function whoIs(card) {
  const { caller, call } = card;
  const [match] = caller.items;
  if (caller.kind === "customer") {
    const party = plain(match.party.name);
    const person = match.person ? plain(match.person.name) : "";
    const position = match.person ? plain(match.person.position) : "";
    const hint = match.certainty === "probable" ? _("probably: only the end of the number is the same") : "";
    return { name: person || party, of: [person ? party : "", position].filter(Boolean).join(" · "), hint };
  }
  const told = plain(call.caller_name);
  if (caller.kind === "choice") return { name: _("Several customers have this number"), of: told, hint: "" };
  if (caller.kind === "internal") return { name: plain(caller.colleague?.name) || told || call.caller, of: "", hint: _("colleague") };
  if (caller.kind === "own") return { name: told || _("One of our own lines"), of: "", hint: "" };
  if (caller.kind === "withheld") return { name: _("Number withheld"), of: told, hint: "" };
  const crm = card.crm.find((answer) => answer.cards.length)?.cards[0];
  if (crm) return { name: plain(crm.person) || plain(crm.party), of: crm.person ? plain(crm.party) : "", hint: "" };
  return { name: told || telephone(caller.number) || call.caller, of: "", hint: _("Unknown number") };
}

/**
 * Whom a card's customer is to be connected with: who is responsible, or stands in for him.
 * @param {Card} card
 * @param {Map<string, Person>} people
 * @returns {{name: string, extension: string, state: string, deputy: boolean} | null}
 */
export function targetOf(card, people) {
  const all = new Set(card.caller.items.map((match) => match.responsible?.id || ""));
  const known = card.caller.items[0]?.responsible;
  if (!known || all.size !== 1) return null;
  const now = people.get(known.id);
  const state = now?.state || known.state;
  const deputy = now ? now.deputy : known.deputy;
  if (state === "absent" && deputy?.extension) {
    const stands = people.get(deputy.id);
    return { name: plain(deputy.name), extension: deputy.extension, state: stands?.state || deputy.state, deputy: true };
  }
  const extension = now?.extension || known.extension;
  return extension && known.active ? { name: plain(known.name), extension, state, deputy: false } : null;
}

/**
 * Who of ours has an extension.
 * @param {string | null | undefined} extension
 * @param {Map<string, Person>} people
 */
export function nameOf(extension, people) {
  const found = [...people.values()].find((one) => one.extension && one.extension === extension);
  return found ? plain(found.name) : extension || "";
}
