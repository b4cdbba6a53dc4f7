/** Writing a fax: its pages are shown as they will be faxed, while it is written. */
import { ask, sendForm } from "./api.js";
import { by, make, write } from "./dom.js";
import { _, ngettext, plain } from "./texts.js";

const WAIT_MS = 700;
const form = /** @type {HTMLFormElement} */ (by("compose"));
const files = /** @type {HTMLInputElement} */ (by("files"));
const party = new URLSearchParams(location.search).get("party") || "";
/** One for what is written here: however often it is sent, it goes once. */
const key = crypto.randomUUID();
/** @type {string} Pages that were made of what stands here now. */
let seen = "";
let turn = 0;
let due = 0;

/** @param {boolean} whole with recipients and time */
function values(whole) {
  const given = new FormData(form);
  const made = new FormData();
  for (const [name, value] of given) {
    if (name !== "to" && typeof value === "string" && value) made.append(name, value);
  }
  const numbers = String(given.get("to") || "").split(/[,;\n]+/).map((one) => one.trim()).filter(Boolean);
  for (const one of whole ? numbers : numbers.slice(0, 1)) made.append("to", one);
  if (party) made.append("party", party);
  const at = /** @type {HTMLInputElement} */ (by("at")).value;
  if (whole && at) made.append("at", new Date(at).toISOString());
  return made;
}

/** @param {FormData} made */
function withFiles(made) {
  for (const file of files.files || []) made.append("file", file, file.name);
  return made;
}

const several = () => String(new FormData(form).get("to") || "").split(/[,;\n]+/).filter((one) => one.trim()).length > 1;
const something = () => Boolean(files.files?.length || /** @type {HTMLSelectElement} */ (by("cover")).value);

async function preview() {
  turn += 1;
  const mine = turn;
  seen = "";
  if (!something()) {
    by("preview").replaceChildren();
    write(by("count"), "");
    return;
  }
  by("preview").setAttribute("aria-busy", "true");
  write(by("preview-state"), _("The pages are being made…"));
  try {
    const made = await sendForm("/faxes/preview", withFiles(values(false)));
    if (mine !== turn) return;
    seen = made.document;
    write(by("count"), ngettext("{count} page", "{count} pages", made.pages));
    write(by("preview-state"), "");
    by("fault").hidden = true;
    by("preview").replaceChildren(...made.images.map((/** @type {string} */ source, /** @type {number} */ place) => {
      const item = make("li", "", "paper");
      const image = document.createElement("img");
      image.src = `${source}?width=800`;
      image.alt = _("Page {number}", { number: place + 1 });
      item.append(image);
      return item;
    }));
  } catch (error) {
    if (mine !== turn) return;
    write(by("preview-state"), "");
    by("preview").replaceChildren();
    write(by("count"), "");
    failed(error);
  } finally {
    if (mine === turn) by("preview").removeAttribute("aria-busy");
  }
}

/** @param {unknown} error */
function failed(error) {
  by("fault").textContent = String(/** @type {any} */ (error).message) || _("The service does not answer.");
  by("fault").hidden = false;
}

async function send() {
  const button = /** @type {HTMLButtonElement} */ (by("send"));
  if (button.getAttribute("aria-disabled") === "true") return;
  button.setAttribute("aria-disabled", "true");
  clearTimeout(due);
  try {
    const given = values(true);
    // Each of several gets his own cover page; what one was shown is what he gets.
    if (seen && !several()) {
      for (const name of ["cover", "cover_language", "note", "resolution"]) given.delete(name);
      given.append("document", seen);
    } else withFiles(given);
    const sent = await sendForm("/faxes", given, { "Idempotency-Key": key });
    const refused = sent.refused.map((/** @type {any} */ one) => plain(one.problem.detail)).join(" · ");
    if (refused) sessionStorage.setItem("refused", refused);
    location.assign("/faxes#out");
  } catch (error) {
    button.removeAttribute("aria-disabled");
    failed(error);
  }
}

function changed() {
  seen = "";
  clearTimeout(due);
  due = setTimeout(() => void preview(), WAIT_MS);
}

form.addEventListener("input", changed);
form.addEventListener("change", changed);
form.addEventListener("submit", (event) => {
  event.preventDefault();
  void send();
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) void send();
});

async function begin() {
  const covers = await ask("GET", `/fax-covers?language=${document.documentElement.lang}`);
  for (const one of covers.items) {
    const option = document.createElement("option");
    option.value = one.name;
    option.textContent = plain(one.title);
    by("cover").append(option);
  }
  if (!party) return;
  const known = await ask("GET", `/parties/${encodeURIComponent(party)}`);
  write(by("party"), _("To the fax number of {name}", { name: plain(known.name) }));
  by("party").hidden = false;
}
void begin().catch(failed);
