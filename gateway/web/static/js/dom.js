/** Parts of the page: nothing here, nor anywhere else, makes markup of a text. */

/**
 * @template {HTMLElement} [T=HTMLElement]
 * @param {string} id
 * @returns {T}
 */
export function by(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`no element ${id}`);
  return /** @type {T} */ (found);
}

/**
 * Return a copy of a template's first element.
 * @param {string} id
 */
export function copy(id) {
  const template = /** @type {HTMLTemplateElement} */ (by(id));
  return /** @type {HTMLElement} */ (document.importNode(template.content, true).firstElementChild);
}

/**
 * Return a part of an element by its slot's name.
 * @param {HTMLElement} element
 * @param {string} name
 */
export function slot(element, name) {
  return /** @type {HTMLElement} */ (element.querySelector(`[data-slot="${name}"]`));
}

/**
 * Set a text, only where it is another one: a screen reader is not told the same twice.
 * @param {HTMLElement} element
 * @param {string} text
 */
export function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * @param {string} name
 * @param {string} [text]
 * @param {string} [kind] classes
 */
export function make(name, text = "", kind = "") {
  const made = document.createElement(name);
  if (text) made.textContent = text;
  if (kind) made.className = kind;
  return made;
}

/** @param {string} name */
export function icon(name) {
  const found = /** @type {HTMLTemplateElement} */ (by("icons")).content.querySelector(`[data-icon="${name}"] svg`);
  return /** @type {SVGElement} */ (found?.cloneNode(true));
}

/**
 * Return a button with an icon, a label and the key that does the same.
 * @param {{icon: string, label: string, key?: string, kind?: string, work?: () => void}} deed
 */
export function button({ icon: picture, label, key = "", kind = "", work }) {
  const made = make("button", "", `button ${kind}`);
  made.setAttribute("type", "button");
  const words = make("span");
  words.append(...isolated(label));
  made.append(icon(picture), words);
  if (key) made.append(make("kbd", key));
  made.onclick = work || null;
  return made;
}

/** @param {string} text */
function isolated(text) {
  const part = document.createElement("bdi");
  part.textContent = text;
  return [part];
}

/**
 * Say something shortly at the foot of the page.
 * @param {string} text
 * @param {string} [kind]
 */
export function toast(text, kind = "") {
  const shown = make("div", text, `toast ${kind}`);
  by("toasts").append(shown);
  setTimeout(() => shown.remove(), kind ? 9000 : 5000);
}

/**
 * Have a list show some things: elements stay where their thing stays, so that focus does, too.
 * @template T
 * @param {HTMLElement} list
 * @param {T[]} things
 * @param {(thing: T) => string} key
 * @param {(thing: T) => HTMLElement} made
 * @param {(element: HTMLElement, thing: T) => void} shown
 */
export function list(list, things, key, made, shown) {
  const known = new Map([...list.children].map((child) => [/** @type {HTMLElement} */ (child).dataset.key, child]));
  /** @type {Element | null} */
  let place = list.firstElementChild;
  for (const thing of things) {
    const id = key(thing);
    let element = /** @type {HTMLElement | undefined} */ (known.get(id));
    known.delete(id);
    if (!element) {
      element = made(thing);
      element.dataset.key = id;
    }
    if (element !== place) list.insertBefore(element, place);
    else place = place.nextElementSibling;
    shown(element, thing);
  }
  while (place) {
    const next = place.nextElementSibling;
    place.remove();
    place = next;
  }
  list.toggleAttribute("data-none", !things.length);
}

/** Tell whether single keys act; they can disturb a screen reader or voice control. */
export const keysOn = () => localStorage.getItem("keys") !== "off";
