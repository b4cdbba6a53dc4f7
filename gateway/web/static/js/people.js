/** Who can be spoken with now. */
import { by, copy, list, slot, write } from "./dom.js";
import { found } from "./dialogs.js";
import { _, moment, plain } from "./texts.js";
import { stateName } from "./words.js";

/** @typedef {import("./desk.js").State} State */

/** @param {State} state */
export function showPeople(state) {
  const wanted = /** @type {HTMLInputElement} */ (by("people-search")).value;
  const people = found(state.people.values(), wanted).filter((one) => one.extension || one.mobile);
  by("no-people").hidden = people.length > 0;
  list(by("people"), people, (one) => one.id, (one) => {
    const row = copy("person");
    /** @type {HTMLElement} */ (row.querySelector("button")).addEventListener("click", () => state.dial(row.dataset.extension || ""));
    row.dataset.extension = one.extension;
    return row;
  }, (row, one) => {
    row.dataset.extension = one.extension;
    write(slot(row, "name"), plain(one.name));
    write(slot(row, "extension"), one.extension);
    const mark = slot(row, "state");
    mark.dataset.state = one.state;
    write(mark, stateName(one.state));
    const until = one.until ? _("until {when}", { when: moment(one.until) }) : "";
    const deputy = one.deputy ? _("deputy: {name}", { name: plain(one.deputy.name) }) : "";
    write(slot(row, "more"), [until, deputy].filter(Boolean).join(", "));
    write(slot(row, "label"), _("Call {name}", { name: plain(one.name) }));
    /** @type {HTMLElement} */ (row.querySelector("button")).style.visibility = !one.extension || one.id === state.me?.id ? "hidden" : "";
  });
}
