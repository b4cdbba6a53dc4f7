/** Missed calls, worked off one by one: who called back, and when. */
import { ask } from "./api.js";
import { button, by, copy, list, slot, write } from "./dom.js";
import { _, moment, ngettext, plain, telephone } from "./texts.js";
import { outcomeName } from "./words.js";

/** @typedef {import("./desk.js").State} State */
/** @typedef {import("./types.js").Task} Task */

/** @type {Task[]} */
let closed = [];

/** @param {State} state */
export function showMissed(state) {
  const open = state.tasks.filter((task) => task.kind === "missed_call");
  const done = wantsDone() ? closed.filter((task) => !open.some((one) => one.id === task.id)) : [];
  const tasks = [...open, ...done].sort((a, b) => Number(a.state !== "open") - Number(b.state !== "open") || b.last_at.localeCompare(a.last_at));
  write(by("missed-count"), open.length ? String(open.length) : "");
  by("no-missed").hidden = tasks.length > 0;
  list(by("missed"), tasks, (task) => task.id, () => copy("missed-call"), (row, task) => showTask(row, task, state));
}

/** @param {State} state */
export async function readDone(state) {
  try {
    closed = wantsDone() ? (await ask("GET", "/tasks?state=closed&limit=50")).items : [];
  } catch (error) {
    state.failed(error);
  }
  showMissed(state);
}

const wantsDone = () => /** @type {HTMLInputElement} */ (by("missed-done")).checked;

/**
 * @param {HTMLElement} row
 * @param {Task} task
 * @param {State} state
 */
function showTask(row, task, state) {
  const number = task.number ? telephone(task.number) : "";
  const name = plain(task.person_name) || plain(task.party_name) || number || _("Number withheld");
  const of = task.person_name ? plain(task.party_name) : "";
  write(slot(row, "name"), [name, of].filter(Boolean).join(" · "));
  write(slot(row, "number"), number === name ? "" : number);
  write(slot(row, "when"), moment(task.last_at));
  write(slot(row, "how"), howOf(task));
  const signature = `${task.state} ${task.assigned_to}`;
  if (row.dataset.signature === signature) return;
  row.dataset.signature = signature;
  slot(row, "actions").replaceChildren(...(task.state === "open" ? open(task, name, state) : []));
}

/**
 * @param {Task} task
 * @param {string} name
 * @param {State} state
 */
function open(task, name, state) {
  const described = (/** @type {HTMLElement} */ made, /** @type {string} */ label) => {
    made.setAttribute("aria-label", `${label}: ${name}`);
    return made;
  };
  const shown = [];
  if (task.number) shown.push(described(button({ icon: "phone", label: _("Call back"), work: () => state.dial(task.number) }), _("Call back")));
  if (state.me && task.assigned_to !== state.me.id) {
    const mine = () => void state.once(task.id, () => ask("POST", `/tasks/${task.id}/assign`, { to: "me" }), _("The missed call is yours."));
    shown.push(described(button({ icon: "person", label: _("I do it"), kind: "quiet", work: mine }), _("I do it")));
  }
  shown.push(described(button({ icon: "done", label: _("Done"), kind: "quiet", work: () => state.taskDone(task.id) }), _("Done")));
  return shown;
}

/** @param {Task} task */
function howOf(task) {
  const last = task.calls[task.calls.length - 1];
  const parts = [];
  if (task.count > 1) parts.push(ngettext("called {count} time", "called {count} times", task.count));
  if (last) parts.push(outcomeName(last.outcome));
  if (last?.line) parts.push(_("on {line}", { line: telephone(last.line) }));
  if (task.assigned_name) parts.push(_("for {name}", { name: plain(task.assigned_name) }));
  const tried = task.attempts[task.attempts.length - 1];
  if (tried) parts.push(_("{name} tried at {when}: {outcome}", { name: plain(tried.by), when: moment(tried.at), outcome: outcomeName(tried.outcome) }));
  if (task.closing) parts.push(closingOf(task.closing));
  return parts.join(", ");
}

/** @param {any} closing */
function closingOf(closing) {
  const values = { name: plain(closing.by), when: moment(closing.at) };
  if (closing.resolution === "called_back") return _("{name} called back at {when}", values);
  if (closing.resolution === "called_again") return _("called again at {when} and spoke with {name}", values);
  return _("{name} was done with it at {when}", values);
}
