/** What the service's words about faxes are called on the pages, and what can be done with one. */
import { ask } from "./api.js";
import { button, by, make, toast } from "./dom.js";
import { _, ngettext, plain, telephone } from "./texts.js";

/** @typedef {import("./types.js").Fax} Fax */

const STATES = /** @type {Record<string, [string, string]>} */ ({
  scheduled: ["", _("scheduled")], queued: ["", _("waiting")], sending: ["going", _("being sent")],
  delivered: ["done", _("delivered")], failed: ["failed", _("failed")], cancelled: ["", _("taken back")],
  expired: ["failed", _("expired")], uncertain: ["failed", _("uncertain")],
  received: ["done", _("received")], received_incomplete: ["failed", _("received incompletely")],
});
const REASONS = /** @type {Record<string, string>} */ ({
  sent: _("every page was confirmed"), busy: _("the line is busy"), no_answer: _("nobody answered"),
  no_carrier: _("no fax machine answered"), voice: _("a person answered, not a fax machine"),
  no_dialtone: _("our own line is dead"), hung_up: _("they hung up before all pages were through"),
  bad_line: _("the line was too bad"), incompatible: _("their machine does not take such a document"),
  bad_number: _("the number is wrong or not in use"), barred: _("this number may not be dialled"),
  unreadable: _("the document cannot be read"), congested: _("no free line just now"), expired: _("its time had passed"),
  cancelled: _("taken back"), server: _("the fax server failed"), vanished: _("the fax server does not know it any more"),
});
const OPEN = new Set(["scheduled", "queued", "sending", "uncertain"]);

/**
 * @param {HTMLElement} element
 * @param {Fax} fax
 */
export function showState(element, fax) {
  const [tone, name] = STATES[fax.state] || ["", fax.state];
  element.dataset.state = tone;
  const text = fax.cancelling ? _("being taken back") : name;
  if (element.textContent !== text) element.textContent = text;
}

/** @param {Fax} fax */
export function pagesOf(fax) {
  if (fax.direction === "out" && fax.pages_sent && fax.pages_sent < fax.pages) {
    return _("{sent} of {pages} pages", { sent: fax.pages_sent, pages: fax.pages });
  }
  return ngettext("{count} page", "{count} pages", fax.pages);
}

/**
 * Return why an attempt ended so, in the reader's words; what is not known, in the service's.
 * @param {{reason: string | null}} one
 * @param {string} told
 */
export const reasonOf = (one, told) => (one.reason && REASONS[one.reason]) || plain(told);

/** @param {Fax} fax */
export const nameOf = (fax) => plain(fax.name) || telephone(fax.number) || _("Number withheld");

/**
 * Return buttons for what can be done with a fax.
 * @param {Fax} fax
 * @param {(fax: Fax) => void} changed
 */
export function actionsOf(fax, changed) {
  /** @type {HTMLElement[]} */
  const made = [];
  /** @param {string} deed @param {string} done @param {unknown} [body] */
  const work = (deed, done, body = {}) => async () => {
    try {
      changed(await ask("POST", `/faxes/${fax.id}/${deed}`, body));
      toast(done);
    } catch (error) {
      toast(String(/** @type {any} */ (error).message), "danger");
    }
  };
  const name = nameOf(fax);
  /** @param {string} icon @param {string} label @param {() => void} does */
  const add = (icon, label, does) => {
    const one = button({ icon, label, work: does });
    one.setAttribute("aria-label", `${label}: ${name}`);
    made.push(one);
  };
  if (fax.direction === "in") add("person", _("Assign"), () => openAssign(fax, changed));
  if (fax.state === "uncertain") {
    add("done", _("It was sent"), work("settle", _("Noted: sent."), { as: "sent" }));
    add("close", _("It was not sent"), work("settle", _("Noted: not sent."), { as: "not_sent" }));
  }
  if (fax.direction === "out" && OPEN.has(fax.state) && !fax.cancelling) {
    add("close", _("Withdraw"), work("cancel", _("It is being taken back.")));
  }
  if (fax.direction === "out" && !OPEN.has(fax.state)) {
    add("back", _("Send again"), work("resend", _("Queued again.")));
  }
  add("transfer", _("Forward"), () => openForward(fax));
  return made;
}

/** @param {Fax} fax */
function openForward(fax) {
  const dialog = /** @type {HTMLDialogElement} */ (by("forward"));
  const to = /** @type {HTMLInputElement} */ (by("forward-to"));
  const fault = by("forward-fault");
  fault.hidden = true;
  to.value = "";
  const send = async () => {
    try {
      await ask("POST", `/faxes/${fax.id}/forward`, { to: to.value });
      dialog.close();
      toast(_("Queued."));
    } catch (error) {
      fault.textContent = String(/** @type {any} */ (error).message);
      fault.hidden = false;
      to.focus();
    }
  };
  by("forward-send").onclick = send;
  by("forward-form").onsubmit = (event) => {
    if (event.submitter && /** @type {HTMLButtonElement} */ (event.submitter).value === "cancel") return;
    event.preventDefault();
    void send();
  };
  dialog.showModal();
  to.focus();
}

/**
 * @param {Fax} fax
 * @param {(fax: Fax) => void} changed
 */
async function openAssign(fax, changed) {
  const dialog = /** @type {HTMLDialogElement} */ (by("assign"));
  const search = /** @type {HTMLInputElement} */ (by("assign-search"));
  const user = /** @type {HTMLSelectElement} */ (by("assign-user"));
  const found = by("assign-found");
  const fault = by("assign-fault");
  let party = "";
  fault.hidden = true;
  search.value = "";
  found.replaceChildren();
  /** @param {unknown} error */
  const failed = (error) => {
    fault.textContent = String(/** @type {any} */ (error).message);
    fault.hidden = false;
  };
  const look = async () => {
    party = "";
    const text = search.value.trim();
    const parties = text.length < 2 ? [] : (await ask("GET", `/parties?q=${encodeURIComponent(text)}&limit=8`)).items;
    found.replaceChildren(...parties.map((/** @type {any} */ one) => {
      const item = make("li");
      const choice = button({ icon: "person", label: plain(one.name), kind: "quiet", work: () => {
        party = one.id;
        for (const other of found.querySelectorAll("button")) other.setAttribute("aria-pressed", String(other === choice));
      } });
      choice.setAttribute("aria-pressed", "false");
      item.append(choice);
      return item;
    }));
  };
  search.oninput = () => void look().catch(failed);
  by("assign-form").onsubmit = (event) => {
    if (event.submitter && /** @type {HTMLButtonElement} */ (event.submitter).value === "cancel") return;
    event.preventDefault();
  };
  by("assign-save").onclick = async () => {
    const remember = /** @type {HTMLInputElement} */ (by("assign-remember")).checked;
    try {
      changed(await ask("POST", `/faxes/${fax.id}/assign`, { party: party || null, user: user.value, remember }));
      dialog.close();
      toast(_("Assigned."));
    } catch (error) {
      failed(error);
    }
  };
  dialog.showModal();
  search.focus();
  if (user.options.length === 1) {
    const people = await ask("GET", "/people?limit=200").catch(() => ({ items: [] }));
    for (const one of people.items) {
      const option = document.createElement("option");
      option.value = one.login;
      option.textContent = plain(one.name);
      user.append(option);
    }
  }
}
