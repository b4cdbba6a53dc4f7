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

/**
 * @param {string} method
 * @param {string} path below /api/v1
 * @param {unknown} [body]
 * @param {Record<string, string>} [headers]
 * @returns {Promise<any>}
 */
export async function ask(method, path, body, headers = {}) {
  const given = body === undefined ? {} : { body: JSON.stringify(body) };
  const answer = await fetch(`/api/v1${path}`, {
    method,
    ...given,
    headers: { "Content-Type": "application/json", "X-CSRF-Token": token(), ...headers },
  });
  if (answer.status === 401) location.assign(`/sign-in?next=${encodeURIComponent(location.pathname)}`);
  const found = answer.status === 204 ? null : await answer.json().catch(() => null);
  if (!answer.ok) throw new Problem(found?.detail || answer.statusText, answer.status);
  return found;
}
