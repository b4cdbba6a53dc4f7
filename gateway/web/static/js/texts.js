/** Words, times and numbers in the reader's language. */

const language = document.documentElement.lang || "en";
const zone = document.querySelector('meta[name="zone"]')?.getAttribute("content") || undefined;
/** @type {Record<string, string | string[]>} */
const words = JSON.parse(document.getElementById("texts")?.textContent || "{}");
const plural = new Intl.PluralRules(language);
const FORMS = /** @type {const} */ (["one", "few", "many"]);
const locale = language === "en" ? "en-GB" : language; // the office has 24 hours
const clock = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit", timeZone: zone });
const day = new Intl.DateTimeFormat(locale, { day: "numeric", month: "short", timeZone: zone });
const date = new Intl.DateTimeFormat("en-CA", { timeZone: zone });

/**
 * Return a text in the reader's language; `{name}` in it is replaced.
 * @param {string} text
 * @param {Record<string, string | number>} [values]
 */
export function _(text, values = {}) {
  const found = words[text];
  return filled(typeof found === "string" && found ? found : text, values);
}

/**
 * Return the form of a text that a number asks for; `{count}` in it is the number.
 * @param {string} one
 * @param {string} several
 * @param {number} count
 */
export function ngettext(one, several, count) {
  const forms = words[one];
  const which = plural.select(count);
  if (!Array.isArray(forms)) return filled(which === "one" ? one : several, { count });
  const place = forms.length === 3 ? FORMS.indexOf(/** @type {any} */ (which)) : Number(which !== "one");
  const last = forms.length - 1; // Turkish has one form for every number
  return filled(forms[place < 0 ? last : Math.min(place, last)] || several, { count });
}

/**
 * @param {string} text
 * @param {Record<string, string | number>} values
 */
function filled(text, values) {
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

/**
 * Return a text from outside without what turns, hides or breaks the line it stands in.
 * @param {string | null | undefined} text
 */
export function plain(text) {
  return (text || "").replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, " ").replace(/\s+/g, " ").trim();
}

/**
 * Return a span of time as 0:07 or 1:02:03.
 * @param {number} seconds
 */
export function span(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const shown = parts[0] ? parts : parts.slice(1);
  return shown.map((part, place) => (place ? String(part).padStart(2, "0") : String(part))).join(":");
}

/**
 * Return a moment as the office's clock shows it: today the time, else the day, too.
 * @param {string} iso
 */
export function moment(iso) {
  const at = new Date(iso);
  const today = date.format(at) === date.format(new Date());
  return today ? clock.format(at) : `${day.format(at)} ${clock.format(at)}`;
}

const GROUPS = /** @type {Record<string, number[]>} */ ({ 90: [3, 3, 2, 2], 7: [3, 3, 2, 2] });

/**
 * Return a number as people read it.
 * @param {string} number
 */
export function telephone(number) {
  const found = /^\+?(90|7|[1-9]\d)(\d{8,12})$/.exec(number);
  if (!found) return plain(number);
  const rest = found[2];
  const sizes = rest.length === 10 ? GROUPS[found[1]] || [3, 3, 4] : [];
  const parts = [];
  let place = 0;
  for (const size of sizes) {
    parts.push(rest.slice(place, place + size));
    place += size;
  }
  if (place < rest.length) parts.push(...(rest.slice(place).match(/\d{1,3}/g) || []));
  return [`+${found[1]}`, ...parts].join(" ");
}
