/** Asks the service. An answer that is a problem (RFC 9457) is thrown with what it says. */

const token = () => document.querySelector('meta[name="csrf"]')?.getAttribute("content") || "";

export class Problem extends Error {
  /**
   * @param {string} detail
   * @param {number} status
   */
  constructor(detail, status) {
    super(detail);
    this.status = status;
  }
}

/** The status of an answer that never came: what was asked for may have been done. */
const UNKNOWN = 504;

/** Tell whether this browser is in another session by now, whose token this page does not know. */
async function signedInAnew() {
  const page = await fetch("/me").then((answer) => answer.text(), () => "");
  const found = /<meta name="csrf" content="([^"]+)"/.exec(page);
  return Boolean(found && found[1] !== token());
}

/**
 * @param {string} method
 * @param {string} path below /api/v1
 * @param {unknown} [body]
 * @param {Record<string, string>} [headers]
 * @returns {Promise<any>}
 */
export function ask(method, path, body, headers = {}) {
  const json = body === undefined ? undefined : JSON.stringify(body);
  return send(method, path, json, { "Content-Type": "application/json", ...headers });
}

/**
 * POST a form, with its files.
 * @param {string} path below /api/v1
 * @param {FormData} form
 * @param {Record<string, string>} [headers]
 * @returns {Promise<any>}
 */
export function sendForm(path, form, headers = {}) {
  return send("POST", path, form, headers);
}

/**
 * @param {string} method
 * @param {string} path
 * @param {BodyInit | undefined} body
 * @param {Record<string, string>} headers
 */
async function send(method, path, body, headers) {
  const answer = await fetch(`/api/v1${path}`, {
    method,
    ...(body === undefined ? {} : { body }),
    headers: { "X-CSRF-Token": token(), ...headers },
  }).catch(() => null);
  if (!answer) throw new Problem("", method === "GET" ? 503 : UNKNOWN);
  if (answer.status === 401) location.assign(`/sign-in?next=${encodeURIComponent(location.pathname)}`);
  if (answer.status === 403 && method !== "GET" && (await signedInAnew())) location.reload();
  const found = answer.status === 204 ? null : await answer.json().catch(() => null);
  if (!answer.ok) throw new Problem(found?.detail || answer.statusText, answer.status);
  return found;
}
