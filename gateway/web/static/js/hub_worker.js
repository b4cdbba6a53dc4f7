/** The hub as a SharedWorker: one for all pages of a browser. */
import { Hub } from "./hub.js";

const hub = new Hub();
addEventListener("connect", (event) => hub.add(/** @type {MessageEvent} */ (event).ports[0]));
