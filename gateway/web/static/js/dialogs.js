/** The dialogs of the desk. They open only at somebody's wish, and give the focus back. */
import { ask } from "./api.js";
import { button, by, list, make, toast, write } from "./dom.js";
import { _, ngettext, plain, telephone } from "./texts.js";
import { stateName, whoIs } from "./words.js";

/** @typedef {import("./types.js").Card} Card */
/** @typedef {import("./types.js").Person} Person */
/** @typedef {import("./desk.js").State} State */

const WAIT_MS = 150;

/** @param {string} text */
const folded = (text) => text.toLocaleLowerCase().replace(/ı/g, "i").normalize("NFKD").replace(/\p{M}/gu, "");

/**
 * People whose name or extension holds a text, those who can be spoken with first.
 * @param {Iterable<Person>} people
 * @param {string} wanted
 */
export function found(people, wanted) {
  const words = folded(wanted).split(/\s+/).filter(Boolean);
  const order = ["free", "ringing", "busy", "unknown", "away", "absent"];
  return [...people]
    .filter((one) => words.every((word) => folded(`${one.name} ${one.extension} ${one.login}`).includes(word)))
    .sort((a, b) => order.indexOf(a.state) - order.indexOf(b.state) || a.name.localeCompare(b.name));
}

export class Dialogs {
  /** @param {State} state */
  constructor(state) {
    this.state = state;
    /** @type {Card | null} */
    this.card = null;
    this.asking = 0;
    this.busy = false;
    this.key = "";
    /** @type {any[]} */
    this.texts = [];
    for (const dialog of document.querySelectorAll("dialog")) this.prepare(dialog);
    by("targets-search").addEventListener("input", () => this.showTargets());
    by("targets-search").addEventListener("keydown", (event) => pickFirst(event, "targets-list"));
    this.form("note-form", "note-text", () => this.saveNote());
    this.form("sms-form", "sms-text", () => this.sendSms());
    by("sms-text").addEventListener("input", () => this.later(() => this.measure()));
    by("customer-form").addEventListener("submit", (event) => this.submit(event, () => this.saveCustomer()));
    by("customer-company").addEventListener("change", () => {
      by("customer-person-row").hidden = !(/** @type {HTMLInputElement} */ (by("customer-company")).checked);
    });
    by("attach-search").addEventListener("input", () => this.later(() => this.searchCustomers()));
    by("attach-search").addEventListener("keydown", (event) => pickFirst(event, "attach-list"));
  }

  /** @param {HTMLDialogElement} dialog */
  prepare(dialog) {
    for (const close of dialog.querySelectorAll("[data-close]")) close.addEventListener("click", () => dialog.close());
    dialog.addEventListener("close", () => {
      if (this.card) this.state.keep(this.card.call.id, false);
    });
  }

  /**
   * @param {string} form
   * @param {string} text
   * @param {() => Promise<void>} work
   */
  form(form, text, work) {
    by(form).addEventListener("submit", (event) => this.submit(event, work));
    by(text).addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      /** @type {HTMLFormElement} */ (by(form)).requestSubmit();
    });
  }

  /**
   * @param {Event} event
   * @param {() => Promise<void>} work
   */
  async submit(event, work) {
    event.preventDefault();
    if (this.busy) return;
    this.busy = true;
    const dialog = /** @type {HTMLElement} */ (event.target).closest("dialog");
    try {
      await work();
      dialog?.close();
    } catch (error) {
      this.state.failed(error);
    } finally {
      this.busy = false;
    }
  }

  /** @param {() => void} work */
  later(work) {
    clearTimeout(this.asking);
    this.asking = setTimeout(work, WAIT_MS);
  }

  /**
   * @param {string} id
   * @param {Card | null} card
   */
  open(id, card) {
    this.card = card;
    if (card) this.state.keep(card.call.id, true);
    /** @type {HTMLDialogElement} */ (by(id)).showModal();
  }

  /** Show again what an open dialog shows of people. */
  renew() {
    if (/** @type {HTMLDialogElement} */ (by("targets")).open) this.showTargets();
  }

  // whom to pass on to

  /**
   * @param {Card} card
   * @param {boolean} talks
   */
  targets(card, talks) {
    write(by("targets-title"), _("Pass {who} on to", { who: whoIs(card).name }));
    field("targets-search").value = "";
    const asks = field("targets-ask");
    asks.checked = false;
    /** @type {HTMLElement} */ (asks.parentElement).hidden = !talks;
    this.open("targets", card);
    this.showTargets();
    by("targets-search").focus();
  }

  showTargets() {
    const mine = this.state.me?.extension;
    const people = found(this.state.people.values(), field("targets-search").value).filter((one) => one.extension && one.extension !== mine);
    by("no-targets").hidden = people.length > 0;
    list(by("targets-list"), people, (one) => one.id, (one) => {
      const row = make("li");
      const pick = make("button", "", "button quiet");
      pick.setAttribute("type", "button");
      pick.append(make("bdi", plain(one.name), "name"), make("span", one.extension, "muted numeric"), make("span", "", "state"));
      pick.addEventListener("click", () => this.picked(one));
      row.append(pick);
      return row;
    }, (row, one) => {
      const mark = /** @type {HTMLElement} */ (row.querySelector(".state"));
      mark.dataset.state = one.state;
      write(mark, stateName(one.state));
    });
  }

  /** @param {Person} one */
  picked(one) {
    const card = this.card;
    /** @type {HTMLDialogElement} */ (by("targets")).close();
    if (card) this.state.transfer(card, one.extension, field("targets-ask").checked);
  }

  // notes

  /** @param {Card} card */
  note(card) {
    field("note-text").value = "";
    this.open("note", card);
  }

  async saveNote() {
    const card = /** @type {Card} */ (this.card);
    await ask("POST", `/calls/${card.call.id}/note`, { text: field("note-text").value });
    this.state.look(card.call.id);
    toast(_("The note is saved with the call."));
  }

  // text messages

  /** @param {Card} card */
  async sms(card) {
    try {
      await this.openSms(card);
    } catch (error) {
      this.state.failed(error);
    }
  }

  /** @param {Card} card */
  async openSms(card) {
    const { texts: items } = await ask("GET", `/desk/cards/${card.call.id}/texts?language=${document.documentElement.lang}`);
    if (document.querySelector("dialog[open]")) return;
    const which = /** @type {HTMLSelectElement} */ (by("sms-which"));
    which.replaceChildren(...items.map((/** @type {any} */ one, /** @type {number} */ place) => {
      const option = document.createElement("option");
      option.value = String(place);
      option.textContent = `${plain(one.recipient)} (${telephone(one.number)}): ${titleOf(one.template)}`;
      return option;
    }));
    if (!items.length) return toast(_("There is no number that a text message could be sent to."), "danger");
    this.texts = items;
    this.key = crypto.randomUUID();
    which.onchange = () => this.chooseText(Number(which.value));
    this.open("sms", card);
    this.chooseText(0);
  }

  /** @param {number} place */
  chooseText(place) {
    field("sms-text").value = this.texts[place].text;
    this.later(() => this.measure());
  }

  async measure() {
    const text = field("sms-text").value;
    const size = text ? await ask("POST", "/sms/preview", { text }).catch(() => null) : null;
    if (text !== field("sms-text").value) return;
    if (!size) return write(by("sms-size"), "");
    write(by("sms-size"), ngettext("{count} part", "{count} parts", size.segments) + `, ${ngettext("{count} character left", "{count} characters left", size.units_left)}`);
  }

  async sendSms() {
    const { number } = this.texts[Number(/** @type {HTMLSelectElement} */ (by("sms-which")).value)];
    await ask("POST", "/sms", { to: number, text: field("sms-text").value, priority: "high" }, { "Idempotency-Key": this.key });
    toast(_("The text message is on its way."));
  }

  // customers

  /** @param {Card} card */
  customer(card) {
    write(by("customer-number"), telephone(card.caller.number));
    field("customer-name").value = plain(card.call.caller_name);
    field("customer-person").value = "";
    const choose = /** @type {HTMLSelectElement} */ (by("customer-responsible"));
    const nobody = make("option", _("nobody yet"));
    nobody.setAttribute("value", "");
    const people = [...this.state.people.values()].sort((a, b) => a.name.localeCompare(b.name));
    choose.replaceChildren(nobody, ...people.map((one) => {
      const option = make("option", plain(one.name));
      option.setAttribute("value", one.login);
      return option;
    }));
    this.open("customer", card);
  }

  async saveCustomer() {
    const card = /** @type {Card} */ (this.card);
    const company = field("customer-company").checked;
    const person = company ? field("customer-person").value.trim() : "";
    const phones = [{ number: card.caller.number }];
    await ask("POST", "/parties", {
      kind: company ? "company" : "person",
      name: field("customer-name").value.trim(),
      responsible: /** @type {HTMLSelectElement} */ (by("customer-responsible")).value || null,
      ...(person ? { persons: [{ name: person, phones }] } : { phones }),
    });
    this.state.look(card.call.id);
    toast(_("The customer is in the directory."));
  }

  /** @param {Card} card */
  attach(card) {
    field("attach-search").value = "";
    field("attach-person").value = "";
    by("attach-list").replaceChildren();
    by("attach-list").dataset.for = "";
    by("no-attach").hidden = true;
    this.open("attach", card);
    by("attach-search").focus();
  }

  async searchCustomers() {
    const wanted = field("attach-search").value.trim();
    try {
      const items = wanted ? (await ask("GET", `/parties?limit=20&q=${encodeURIComponent(wanted)}`)).items : [];
      if (wanted !== field("attach-search").value.trim()) return;
      by("attach-list").dataset.for = wanted;
      by("no-attach").hidden = !wanted || items.length > 0;
      list(by("attach-list"), items, (/** @type {any} */ one) => one.id, (one) => {
        const row = make("li");
        const label = [one.name, one.responsible?.name].map(plain).filter(Boolean).join(" · ");
        row.append(button({ icon: "link", label, kind: "quiet", work: () => void this.attached(one) }));
        return row;
      }, () => {});
    } catch (error) {
      this.state.failed(error);
    }
  }

  /** @param {any} party */
  async attached(party) {
    const card = /** @type {Card} */ (this.card);
    const phone = { number: card.caller.number };
    const name = field("attach-person").value.trim();
    try {
      const known = await ask("GET", `/parties/${party.id}`);
      await ask("PATCH", `/parties/${party.id}`, { version: known.version, ...withNumber(known, name, phone) });
      this.state.look(card.call.id);
      /** @type {HTMLDialogElement} */ (by("attach")).close();
      toast(_("The number belongs to {who} now.", { who: plain(known.name) }));
    } catch (error) {
      this.state.failed(error);
    }
  }
}

/**
 * Return what is to be changed of a party so that a number is his.
 * @param {any} known
 * @param {string} name
 * @param {{number: string}} phone
 */
function withNumber(known, name, phone) {
  const kept = (/** @type {any[]} */ phones) => phones.map((one) => ({ number: one.number, kind: one.kind }));
  if (!name) return { phones: [...kept(known.phones), phone] };
  const persons = known.persons.map((/** @type {any} */ one) => ({
    id: one.id, name: one.name, position: one.position, email: one.email,
    phones: folded(one.name) === folded(name) ? [...kept(one.phones), phone] : kept(one.phones),
  }));
  const there = known.persons.some((/** @type {any} */ one) => folded(one.name) === folded(name));
  return { persons: there ? persons : [...persons, { name, phones: [phone] }] };
}

/** @param {string} id */
const field = (id) => /** @type {HTMLInputElement} */ (by(id));

/**
 * Enter in a search field takes the first that was found.
 * @param {KeyboardEvent} event
 * @param {string} id
 */
function pickFirst(event, id) {
  if (event.key !== "Enter") return;
  event.preventDefault();
  const answers = by(id).dataset.for;
  const asked = /** @type {HTMLInputElement} */ (event.target).value.trim();
  if (answers !== undefined && answers !== asked) return;
  /** @type {HTMLElement | null} */ (by(id).querySelector("button"))?.click();
}

/** @param {string} template */
const titleOf = (template) => (template === "call_me_back" ? _("asks to call us back") : _("asks to call the customer back"));
