/** Looking at one fax: page by page, larger, turned; what became of it. */
import { ask } from "./api.js";
import { by, keysOn, make, write } from "./dom.js";
import { actionsOf, nameOf, pagesOf, reasonOf, showState } from "./fax_words.js";
import { _, moment, ngettext, plain, telephone } from "./texts.js";

/** @typedef {import("./types.js").Fax} Fax */

const ZOOMS = [50, 75, 100, 150, 200, 300];
const viewer = by("viewer");
const room = by("room");
const id = viewer.dataset.fax || "";
const picture = /** @type {HTMLImageElement} */ (by("page"));
const at = { page: 1, zoom: ZOOMS.indexOf(100), turned: 0, pages: 1 };

/** @param {Fax} fax */
function show(fax) {
  at.pages = Math.max(1, fax.pages);
  const name = nameOf(fax);
  const number = telephone(fax.number);
  document.title = `${name} · Santral`;
  write(by("name"), name);
  write(by("number"), number === name ? "" : number);
  showState(by("state"), fax);
  write(by("when"), moment(fax.at));
  write(by("error"), fax.reason === "sent" ? "" : reasonOf(fax, fax.error));
  by("error").title = plain(fax.error);
  by("pdf").setAttribute("href", `/api/v1/faxes/${id}/document.pdf`);
  const facts = /** @type {[string, string][]} */ ([
    [_("Subject"), fax.subject], [_("Company"), fax.company], [_("Pages"), pagesOf(fax)],
    [_("Their machine"), fax.station_id], [_("Called"), telephone(fax.called)], [_("Server"), fax.server],
  ]);
  by("facts").replaceChildren(...facts.filter(([, value]) => value).flatMap(([term, value]) => {
    const told = make("dd");
    told.append(Object.assign(document.createElement("bdi"), { textContent: plain(value) }));
    return [make("dt", term), told];
  }));
  if (viewer.dataset.maySend === "yes") by("actions").replaceChildren(...actionsOf(fax, () => void read()));
  by("tries-row").hidden = !fax.tries?.length;
  by("tries").replaceChildren(...(fax.tries || []).map((one) => {
    const why = reasonOf(one, one.text);
    const pages = ngettext("{count} page", "{count} pages", one.pages_sent);
    return make("li", [moment(one.began_at), one.server, pages, why].filter(Boolean).join(" · "));
  }));
  by("text-row").hidden = !fax.text;
  write(by("text"), fax.text || "");
  turnTo(at.page);
}

/** @param {number} page */
function turnTo(page) {
  at.page = Math.min(Math.max(1, page), at.pages);
  const zoom = ZOOMS[at.zoom];
  const source = `/api/v1/faxes/${id}/pages/${at.page}.png?width=${zoom > 100 ? 1600 : 800}`;
  if (picture.getAttribute("src") !== source) picture.src = source;
  picture.alt = _("Page {number}", { number: at.page });
  write(by("place"), `${at.page} / ${at.pages}`);
  room.dataset.zoom = String(zoom);
  room.dataset.turn = String(at.turned % 4);
  for (const [name, end] of /** @type {[string, boolean][]} */ ([
    ["before", at.page === 1], ["after", at.page === at.pages],
    ["smaller", at.zoom === 0], ["larger", at.zoom === ZOOMS.length - 1],
  ])) by(name).setAttribute("aria-disabled", String(end));
}

/** @param {number} by_ */
function zoom(by_) {
  at.zoom = Math.min(Math.max(0, at.zoom + by_), ZOOMS.length - 1);
  turnTo(at.page);
}

function turn() {
  at.turned += 1;
  turnTo(at.page);
}

async function read() {
  try {
    const fax = await ask("GET", `/faxes/${id}`);
    show(fax);
    if (fax.direction === "in" && !fax.read_at) await ask("POST", `/faxes/${id}/read`, {});
    by("fault").hidden = true;
  } catch (error) {
    by("fault").textContent = String(/** @type {any} */ (error).message) || _("The service does not answer.");
    by("fault").hidden = false;
  }
}

const KEYS = /** @type {Record<string, () => void>} */ ({
  ArrowLeft: () => turnTo(at.page - 1), ArrowRight: () => turnTo(at.page + 1),
  PageUp: () => turnTo(at.page - 1), PageDown: () => turnTo(at.page + 1),
  Home: () => turnTo(1), End: () => turnTo(at.pages),
  "+": () => zoom(1), "=": () => zoom(1), "-": () => zoom(-1),
  r: turn, p: () => by("pdf").click(), Escape: () => location.assign("/faxes"),
});
document.addEventListener("keydown", (event) => {
  if (event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement) return;
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  if (event.key.length === 1 && !keysOn()) return;
  const work = KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (!work) return;
  event.preventDefault();
  work();
});
by("before").onclick = () => turnTo(at.page - 1);
by("after").onclick = () => turnTo(at.page + 1);
by("smaller").onclick = () => zoom(-1);
by("larger").onclick = () => zoom(1);
by("turn").onclick = turn;

const feed = new EventSource("/api/v1/events?kinds=fax.&kinds=reset");
for (const kind of ["assigned", "queued", "scheduled", "sending", "delivered", "failed", "cancelled", "expired", "uncertain", "changed"]) {
  feed.addEventListener(`fax.${kind}`, (event) => {
    if (event.data.includes(id)) void read();
  });
}
feed.onopen = () => void read(); // what happened before is in no event any more
void read();
