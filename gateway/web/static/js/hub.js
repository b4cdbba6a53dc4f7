/**
 * What all pages of a browser share: one live feed, and what it says of calls, people and tasks.
 * Runs in a SharedWorker; where there is none, in the page itself.
 */

/** @typedef {import("./types.js").Card} Card */
/** @typedef {import("./types.js").Person} Person */
/** @typedef {import("./types.js").Task} Task */

const CALLS = ["ringing", "answered", "changed", "ended", "missed"].map((kind) => `call.${kind}`);
const TASKS = ["opened", "changed", "closed", "withdrawn"].map((kind) => `task.${kind}`);
const FEED = "/api/v1/events?kinds=call.&kinds=person.&kinds=task.&kinds=dial.&kinds=reset";
const TAKEN_MS = 4000;
const ENDED_MS = 120000;
const RETRY_MS = 2000;
const LONGEST_RETRY_MS = 30000;
const SILENT_MS = 40000; // the feed beats every 15 seconds
const GONE_MS = 25000; // pages say every 10 seconds that they are there
const SETTLED_MS = 5000; // by then a missed call is a task

export class Hub {
  constructor() {
    /** @type {Set<MessagePort>} */
    this.ports = new Set();
    /** @type {Map<MessagePort, {watched: boolean, at: number, kept: Set<string>}>} */
    this.pages = new Map();
    this.silence = 0;
    /** @type {Map<string, Card>} */
    this.cards = new Map();
    /** @type {Map<string, Person>} */
    this.people = new Map();
    /** @type {Map<string, Task>} */
    this.tasks = new Map();
    /** @type {Map<string, boolean>} */
    this.looking = new Map();
    /** @type {Set<string>} */
    this.dismissed = new Set();
    /** @type {Person | null} */
    this.me = null;
    this.up = false;
    this.skew = 0;
    /** @type {string[]} */
    this.crm = [];
    /** @type {EventSource | null} */
    this.feed = null;
    this.began = false;
  }

  /** @param {MessagePort} port */
  add(port) {
    this.ports.add(port);
    this.pages.set(port, { watched: false, at: Date.now(), kept: new Set() });
    port.onmessage = (message) => this.told(port, message.data);
    port.start();
    if (!this.began) {
      this.began = true;
      void this.begin();
    } else {
      this.tell(["link", "me", "people", "tasks", "cards"], [port]);
    }
  }

  /**
   * @param {MessagePort} port
   * @param {any} data
   */
  told(port, data) {
    const page = this.pages.get(port);
    if (data.do === "bye") {
      this.ports.delete(port);
      this.pages.delete(port);
    } else if (page && data.do === "watched") {
      Object.assign(page, { watched: data.watched, at: Date.now() });
    } else if (data.do === "dismiss") {
      this.dismissed.add(data.id);
      this.drop(data.id);
    } else if (data.do === "look") {
      void this.look(data.id);
    } else if (page && data.do === "keep") {
      if (data.kept) page.kept.add(data.id);
      else page.kept.delete(data.id);
    }
  }

  /** Pages that are there: one that crashed says nothing any more. */
  living() {
    return [...this.pages.values()].filter((page) => Date.now() - page.at < GONE_MS);
  }

  /** Read what is, then follow what becomes of it. */
  async begin() {
    try {
      await this.read();
    } catch (error) {
      if (/** @type {any} */ (error).status === 401) return this.post({ type: "signed-out" });
      this.up = false;
      this.tell(["link"]);
      setTimeout(() => void this.begin(), RETRY_MS);
    }
  }

  async read() {
    const desk = await this.get("/desk");
    const [people, tasks] = await Promise.all([this.every("/people"), this.every("/tasks?state=open&limit=200")]);
    this.me = desk.me;
    this.crm = desk.crm_links;
    this.people = new Map(people.map((one) => [one.id, one]));
    this.tasks = new Map(tasks.map((one) => [one.id, one]));
    const living = new Set(desk.cards.map((/** @type {Card} */ card) => card.call.id));
    const open = new Set(tasks.flatMap((task) => task.calls.map((/** @type {any} */ call) => call.call_id)));
    for (const [id, card] of this.cards) {
      const settled = Date.now() + this.skew - Date.parse(card.call.ended_at || "") > SETTLED_MS;
      if (card.stage === "missed" && settled && !open.has(id)) this.drop(id);
      else if (!living.has(id) && card.stage !== "missed") void this.look(id);
    }
    for (const card of desk.cards) this.put(card);
    this.follow(desk.event_id);
    this.tell(["me", "people", "tasks", "cards"]);
  }

  /** @param {number} after */
  follow(after) {
    this.feed?.close();
    const feed = new EventSource(`${FEED}&after=${after}`);
    this.feed = feed;
    let broken = false;
    this.heard();
    feed.addEventListener("beat", () => this.heard());
    feed.onopen = () => {
      this.heard();
      this.up = true;
      this.tell(["link"]);
      if (broken) void this.back();
      broken = false;
    };
    feed.onerror = () => {
      this.up = false;
      broken = true;
      this.tell(["link"]);
      if (feed.readyState === EventSource.CLOSED) setTimeout(() => void this.begin(), RETRY_MS);
    };
    /** @type {(kind: string, work: (data: any) => void) => void} */
    const on = (kind, work) => feed.addEventListener(kind, (event) => {
      this.heard();
      work(JSON.parse(event.data));
    });
    for (const kind of CALLS) on(kind, (data) => this.called(data));
    for (const kind of TASKS) on(kind, (data) => this.tasked(data));
    on("call.recorded", (data) => {
      if (this.cards.has(data.id)) void this.look(data.id);
    });
    on("call.merged", (data) => {
      this.drop(data.id);
      if (data.into) void this.look(data.into);
    });
    on("person.changed", (data) => {
      this.people.set(data.id, data);
      if (this.me?.id === data.id) this.me = data;
      this.tell(["me", "people"]);
    });
    on("person.left", (data) => {
      this.people.delete(data.id);
      this.tell(["people"]);
    });
    on("dial.failed", (data) => this.post({ type: "dial", dial: data }));
    on("dial.uncertain", (data) => this.post({ type: "dial", dial: data }));
    on("reset", () => void this.begin());
  }

  /** The feed lives; when it falls silent, its line is dead though nobody closed it. */
  heard() {
    clearTimeout(this.silence);
    this.silence = setTimeout(() => {
      this.feed?.close();
      this.up = false;
      this.tell(["link"]);
      void this.begin();
    }, SILENT_MS);
  }

  /** After a break: what stands here may be over, and the browser may be somebody else's now. */
  async back() {
    try {
      const desk = await this.get("/desk");
      if (desk.me?.id !== this.me?.id) return this.post({ type: "signed-out" });
      for (const card of desk.cards) this.put(card);
      const living = new Set(desk.cards.map((/** @type {Card} */ card) => card.call.id));
      for (const id of this.cards.keys()) if (!living.has(id)) void this.look(id);
    } catch {
      // the feed tells when it breaks again
    }
  }

  /** @param {any} call */
  called(call) {
    const mine = this.me?.extension;
    const concerns = call.parties.some((/** @type {any} */ one) => one.internal && one.party === mine);
    const secretary = !this.me || this.me.role === "secretary";
    if (concerns || secretary || this.cards.has(call.id)) void this.look(call.id);
  }

  /** @param {Task & {subject: string}} task */
  tasked(task) {
    if (task.state === "open") this.tasks.set(task.id, task);
    else this.tasks.delete(task.id);
    for (const one of task.calls || []) {
      const card = this.cards.get(one.call_id);
      if (card?.stage === "missed" && task.state !== "open") this.drop(one.call_id);
    }
    this.tell(["tasks"]);
  }

  /**
   * Read a card anew; of several wishes meanwhile one is fulfilled.
   * @param {string} id
   * @param {number} [retry] after how long it is tried again when there is no answer
   */
  async look(id, retry = RETRY_MS) {
    if (this.looking.has(id)) {
      this.looking.set(id, true);
      return;
    }
    this.looking.set(id, false);
    try {
      this.put(await this.get(`/desk/cards/${id}`));
    } catch (error) {
      const { status } = /** @type {any} */ (error);
      if (status === 404) this.drop(id);
      else if (status !== 401 && status !== 403) setTimeout(() => void this.look(id, Math.min(retry * 2, LONGEST_RETRY_MS)), retry);
    }
    const again = this.looking.get(id);
    this.looking.delete(id);
    if (again) void this.look(id);
  }

  /** @param {Card} card */
  put(card) {
    const id = card.call.id;
    const before = this.cards.get(id);
    card.stage = stageOf(card, this.me?.extension || "");
    if (card.part === "talks" && card.call.state !== "ended") this.dismissed.delete(id);
    if (!before && (!card.pops || this.dismissed.has(id) || card.stage === "taken" || card.stage === "ended")) return;
    if (card.stage === "missed" && !card.pops) return this.drop(id);
    if (before) {
      card.crm = card.crm.length ? card.crm : before.crm;
    }
    this.cards.set(id, card);
    if (!before && this.crm.length) void this.askCrm(id);
    if (!before && card.stage === "ringing" && card.call.direction === "in") this.alert(card);
    if (before && before.stage !== card.stage) this.later(card);
    this.tell(["cards"]);
  }

  /** @param {string} id */
  async askCrm(id) {
    try {
      const card = await this.get(`/desk/cards/${id}/crm`);
      const shown = this.cards.get(id);
      if (shown) shown.crm = card.crm;
      this.tell(["cards"]);
    } catch {
      // the card stands without it
    }
  }

  /**
   * Have a card vanish by itself, where its call is over for whoever looks at it.
   * @param {Card} card
   */
  later(card) {
    const wait = card.stage === "taken" ? TAKEN_MS : card.stage === "ended" ? ENDED_MS : 0;
    if (!wait) return;
    const { id } = card.call;
    setTimeout(() => {
      const now = this.cards.get(id);
      if (!now || now.stage !== card.stage) return;
      if (this.living().some((page) => page.kept.has(id))) this.later(now);
      else this.drop(id);
    }, wait);
  }

  /** @param {string} id */
  drop(id) {
    if (this.cards.delete(id)) this.tell(["cards"]);
  }

  /** @param {Card} card */
  alert(card) {
    const watched = this.living().some((page) => page.watched);
    this.post({ type: "alert", card, watched });
  }

  /**
   * @param {string[]} what
   * @param {Iterable<MessagePort>} [ports]
   */
  tell(what, ports = this.ports) {
    /** @type {Record<string, () => any>} */
    const parts = {
      link: () => this.up,
      me: () => this.me,
      people: () => [...this.people.values()],
      tasks: () => [...this.tasks.values()],
      cards: () => ({ cards: [...this.cards.values()], skew: this.skew }),
    };
    for (const name of what) this.post({ type: name, value: parts[name]() }, ports);
  }

  /**
   * @param {any} message
   * @param {Iterable<MessagePort>} [ports]
   */
  post(message, ports = this.ports) {
    for (const port of ports) port.postMessage(message);
  }

  /**
   * @param {string} path
   * @returns {Promise<any>}
   */
  async get(path) {
    const answer = await fetch(`/api/v1${path}`, { cache: "no-store", headers: { "X-By-Itself": "1" } });
    if (answer.status === 401) this.post({ type: "signed-out" });
    if (!answer.ok) throw Object.assign(new Error(path), { status: answer.status });
    const date = answer.headers.get("Date");
    if (date) this.skew = Date.parse(date) - Date.now();
    return answer.json();
  }

  /**
   * Read a list, page by page.
   * @param {string} path
   * @param {number} [most]
   * @returns {Promise<any[]>}
   */
  async every(path, most = 50) {
    const found = [];
    let cursor = "";
    for (let page = 0; page < most; page += 1) {
      const glue = path.includes("?") ? "&" : "?";
      const answer = await this.get(cursor ? `${path}${glue}cursor=${encodeURIComponent(cursor)}` : path);
      found.push(...answer.items);
      cursor = answer.next_cursor;
      if (!cursor) break;
    }
    return found;
  }
}

/**
 * What a call is to whoever looks at its card.
 * @param {Card} card
 * @param {string} mine his extension
 * @returns {Card["stage"]}
 */
export function stageOf(card, mine) {
  const { call, part } = card;
  if (call.state === "ended") {
    if (call.missed) return "missed";
    return part === "talks" || part === "had" ? "ended" : "taken";
  }
  if (call.asks && call.asks === mine) return part === "talks" ? "asked" : "ringing";
  if (part === "rings") return "ringing";
  const ours = call.parties.filter((one) => one.internal);
  if (call.state === "parked" && !ours.some((one) => one.doing === "ringing")) return "parked";
  if (part === "talks") return call.asks ? "asking" : "talking";
  if (ours.some((one) => one.doing === "talking" || one.doing === "holding")) return "taken";
  return part === "had" ? "passed" : "ringing";
}
