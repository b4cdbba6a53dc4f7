/** Connects a page with the hub. */
import { Hub } from "./hub.js";

const HERE_MS = 10000;

/**
 * @param {string} worker address of the worker's script
 * @param {(message: any) => void} told
 * @returns {(message: any) => void} tells the hub
 */
export function connect(worker, told) {
  const port = typeof SharedWorker === "undefined" ? alone() : shared(worker);
  port.onmessage = (message) => told(message.data);
  port.start();
  const watched = () => port.postMessage({ do: "watched", watched: document.visibilityState === "visible" && document.hasFocus() });
  for (const kind of ["focus", "blur"]) addEventListener(kind, watched);
  document.addEventListener("visibilitychange", watched);
  addEventListener("pagehide", () => port.postMessage({ do: "bye" }));
  addEventListener("pageshow", (/** @type {PageTransitionEvent} */ event) => {
    if (event.persisted) location.reload();
  });
  watched();
  setInterval(watched, HERE_MS);
  return (message) => port.postMessage(message);
}

/** @param {string} worker */
function shared(worker) {
  const session = document.querySelector('meta[name="csrf"]')?.getAttribute("content") || "";
  return new SharedWorker(worker, { type: "module", name: `santral ${session.slice(0, 8)}` }).port;
}

function alone() {
  const { port1, port2 } = new MessageChannel();
  new Hub().add(port1);
  return port2;
}
