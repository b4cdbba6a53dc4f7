/** Faxes that came in and that go out, live. */
import { ask } from "./api.js";
import { by, copy, keysOn, list, slot, write } from "./dom.js";
import { actionsOf, nameOf, pagesOf, reasonOf, showState } from "./fax_words.js";
import { _, moment, ngettext, plain, telephone } from "./texts.js";

/** @typedef {import("./types.js").Fax} Fax */

const LIMIT = 30;
const GATHER_MS = 250;
const maySend = by("faxes").dataset.maySend === "yes";
const state = { way: location.hash === "#out" ? "out" : "in", faxes: /** @type {Fax[]} */ ([]), cursor: "", pages: 1 };

async function read() {
  const unknown = /** @type {HTMLInputElement} */ (by("unknown")).checked && state.way === "in";
  /** @type {Fax[]} */
  const faxes = [];
  let cursor = "";
  try {
    for (let page = 0; page < state.pages; page += 1) {
      const found = await ask("GET", `/faxes?direction=${state.way}&limit=${LIMIT}&cursor=${encodeURIComponent(cursor)}${unknown ? "&unknown=true" : ""}`);
      faxes.push(...found.items);
      cursor = found.next_cursor;
      if (!cursor) break;
    }
    const unread = await ask("GET", "/faxes?direction=in&unread=true&limit=100");
    write(by("unread"), unread.items.length ? String(unread.items.length) : "");
    by("fault").hidden = true;
  } catch (error) {
    by("fault").textContent = String(/** @type {any} */ (error).message) || _("The service does not answer.");
    by("fault").hidden = false;
    return;
  }
  state.faxes = faxes;
  state.cursor = cursor;
  show();
}

function show() {
  by("none").hidden = state.faxes.length > 0;
  by("more").hidden = !state.cursor;
  by("unknown-row").hidden = state.way !== "in";
  for (const one of by("ways").querySelectorAll("button")) one.setAttribute("aria-pressed", String(one.dataset.way === state.way));
  list(by("faxes"), state.faxes, (fax) => fax.id, () => copy("fax"), showFax);
}

/**
 * @param {HTMLElement} row
 * @param {Fax} fax
 */
function showFax(row, fax) {
  const name = nameOf(fax);
  row.dataset.unread = String(fax.direction === "in" && !fax.read_at);
  for (const part of ["open", "name-link"]) slot(row, part).setAttribute("href", `/faxes/${fax.id}`);
  slot(row, "open").setAttribute("aria-label", _("Look at the fax of {name}", { name }));
  const picture = /** @type {HTMLImageElement} */ (slot(row, "picture"));
  const source = `/api/v1/faxes/${fax.id}/pages/1.png?width=200`;
  if (picture.getAttribute("src") !== source) picture.src = source;
  write(slot(row, "name"), name);
  const number = telephone(fax.number);
  write(slot(row, "number"), number === name ? "" : number);
  write(slot(row, "subject"), plain(fax.subject));
  showState(slot(row, "state"), fax);
  write(slot(row, "pages"), pagesOf(fax));
  write(slot(row, "when"), moment(fax.at));
  write(slot(row, "error"), fax.reason === "sent" ? "" : reasonOf(fax, fax.error));
  const signature = `${fax.state} ${fax.cancelling}`;
  if (row.dataset.signature === signature || !maySend) return;
  row.dataset.signature = signature;
  slot(row, "actions").replaceChildren(...actionsOf(fax, () => void read()));
}

async function showServers() {
  const servers = await ask("GET", "/fax-servers").catch(() => ({ items: [] }));
  const ill = servers.items.filter((/** @type {any} */ one) => one.condition !== "ready");
  const text = servers.items.length
    ? ill.map((/** @type {any} */ one) => _("Fax server {id}: {why}", { id: one.id, why: plain(one.detail) || one.condition })).join(" · ")
    : _("No fax server is set up; faxes wait until there is one.");
  write(by("servers"), text);
  by("servers").hidden = !text;
}

let due = 0;
/** @param {string} kind */
function heard(kind) {
  if (kind === "fax.received") by("says").textContent = _("A fax came in.");
  clearTimeout(due);
  due = setTimeout(() => void read(), GATHER_MS);
}

const feed = new EventSource("/api/v1/events?kinds=fax.&kinds=reset");
for (const kind of ["received", "assigned", "read", "queued", "scheduled", "sending", "delivered", "failed", "cancelled", "expired", "uncertain", "changed"]) {
  feed.addEventListener(`fax.${kind}`, () => heard(`fax.${kind}`));
}
feed.addEventListener("reset", () => heard("reset"));
feed.onopen = () => { // what happened before is in no event any more
  void read();
  void showServers();
};

by("ways").addEventListener("click", (event) => {
  const way = /** @type {HTMLElement} */ (event.target).closest("button")?.dataset.way;
  if (!way) return;
  state.way = way;
  state.pages = 1;
  history.replaceState(null, "", `#${way}`);
  void read().then(() => { by("says").textContent = ngettext("{count} fax is shown", "{count} faxes are shown", state.faxes.length); });
});
by("unknown").addEventListener("change", () => void read());
by("more").addEventListener("click", () => {
  state.pages += 1;
  void read();
});
document.addEventListener("keydown", (event) => {
  if (!keysOn() || event.target instanceof HTMLInputElement || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  if (event.key.toLowerCase() === "n" && maySend) location.assign("/faxes/new");
});
void read();
