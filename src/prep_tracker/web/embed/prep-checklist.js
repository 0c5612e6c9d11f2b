/* <prep-checklist>: a patient's countdown checklist, from the prep-tracker portal API. No dependency, no build step.
   What the service answers is shown as it is; the only arithmetic here is looking up a day in an item's timeline, so
   that the page stays true offline and over midnight. Everything is text, never HTML from elsewhere. */

const DAY = 86_400_000;
const OPEN = new Set(["unknown", "late", "short", "closed", "open"]);
const DONE = new Set(["done", "waived", "over"]);
const RTL = new Set(["ar", "he", "fa", "ur"]);

const toTime = (day) => Date.parse(`${day}T00:00:00Z`);
const addDays = (day, n) => new Date(toTime(day) + n * DAY).toISOString().slice(0, 10);
const between = (from, to) => Math.round((toTime(to) - toTime(from)) / DAY);
const stateOn = (item, day) => {
  let found = item.timeline[0]?.[1] ?? item.state;
  for (const [from, state] of item.timeline) if (from <= day) found = state;
  return found;
};
/** The civil day of an instant in a zone. */
const dayIn = (zone, at = new Date()) => new Intl.DateTimeFormat("en-CA", { timeZone: zone }).format(at);

const h = (tag, props = {}, ...children) => {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === false || value === null || value === undefined) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "part") { node.setAttribute("part", value); node.className = value; }
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat(3).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
};

const STYLE = `
:host{display:block;color-scheme:light dark;
--_ink:var(--prep-ink,light-dark(#1d2327,#e9e7e2));--_soft:var(--prep-soft,light-dark(#555f66,#aeb6bb));
--_card:var(--prep-card,light-dark(#fff,#1c2226));--_line:var(--prep-line,light-dark(#d9d6d0,#384147));
--_accent:var(--prep-accent,light-dark(#0b5c63,#7fd0d6));--_on:var(--prep-on-accent,light-dark(#fff,#08282b));
--_bad:var(--prep-bad,light-dark(#a3152c,#ff9aa6));--_warn:var(--prep-warn,light-dark(#8a4b00,#ffc27a));
--_good:var(--prep-good,light-dark(#1f6a3b,#8fdcaa));--_r:var(--prep-radius,.625rem);
color:var(--_ink);font:1rem/1.5 var(--prep-font,system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","Noto Sans Arabic",sans-serif)}
:host([hidden]){display:none}*{box-sizing:border-box}
h2{font-size:1.25rem;line-height:1.25;margin:1.75rem 0 .5rem}h3{font-size:1rem;margin:0}
p{margin:.25rem 0;overflow-wrap:anywhere}ul{list-style:none;margin:0;padding:0}
.countdown{font-size:1.125rem}.number{font-size:3rem;font-weight:700;line-height:1.1;display:block}
.standing{border-inline-start:4px solid var(--_accent);padding:.5rem .75rem;margin:.75rem 0;background:var(--_card)}
.standing.blocked,.standing.at-risk{border-color:var(--_bad)}.standing.waiting{border-color:var(--_warn)}
.standing.ready,.standing.on-track{border-color:var(--_good)}
.item,.box{background:var(--_card);border:1px solid var(--_line);border-radius:var(--_r);padding:.875rem 1rem;margin:.5rem 0}
.state{color:var(--_soft);font-size:.875rem}.state.bad{color:var(--_bad);font-weight:600}.soft{color:var(--_soft);font-size:.875rem}
.row{display:flex;flex-wrap:wrap;gap:.5rem;align-items:end;margin-block-start:.5rem}
button,input,select,textarea{font:inherit;color:inherit;min-height:2.75rem;border-radius:var(--_r)}
button{padding:.5rem 1rem;border:1px solid var(--_accent);background:var(--_accent);color:var(--_on);font-weight:600;cursor:pointer}
button.quiet{background:none;color:var(--_accent)}button[aria-disabled=true]{opacity:.6}
input,select,textarea{width:100%;padding:.5rem .75rem;border:1px solid var(--_soft);background:var(--_card)}
input[type=radio],input[type=checkbox]{width:1.25rem;min-height:1.25rem;accent-color:var(--_accent)}
label{display:grid;gap:.25rem;font-weight:600;font-size:.875rem;flex:1 1 11rem;min-width:0}
label.choice{display:flex;gap:.5rem;align-items:center;font-weight:400;font-size:1rem;min-height:2.75rem;flex:none}
fieldset{border:0;margin:0;padding:0;min-width:0}legend{padding:0;font-weight:600}
summary{cursor:pointer;min-height:2.75rem;padding-block:.625rem;font-weight:600}
.strip{display:flex;gap:2px;margin:.5rem 0 0;height:.75rem}
.strip i{flex:1;border-radius:2px;background:var(--_line);min-width:1px}.strip i.done{background:var(--_good)}
.strip i.in{background:var(--_accent)}.strip i.bad{background:var(--_bad)}.strip i.today{outline:2px solid var(--_ink);outline-offset:1px}
.notice{padding:.625rem .75rem;border-radius:var(--_r);background:var(--_card);border:1px solid var(--_line);margin:.5rem 0}
.notice.bad{border-color:var(--_bad)}.check{display:none}
:focus-visible{outline:3px solid var(--prep-focus,light-dark(#b4530a,#ffb866));outline-offset:2px}
.unseen{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
@media print{button,form,.no-print,.strip,summary::marker{display:none!important}.item,.box{break-inside:avoid;border-color:#999}
:host{font-size:13pt;color:#000}.check{display:inline-block;width:1em;height:1em;border:1.5px solid #000;margin-inline-end:.5em;vertical-align:-.1em}}
`;

class PrepChecklist extends HTMLElement {
  static observedAttributes = ["base-url", "procedure", "lang"];
  #root = this.attachShadow({ mode: "open" });
  #status = h("p", { role: "status", part: "status", class: "unseen" });
  #main = h("div", { part: "checklist" });
  #token = null;
  #data = null;
  #etag = null;
  #words = {};
  #asked = [];
  #mine = null;
  #error = null;
  #note = null;
  #scan = null;
  #busy = false;
  #offline = false;
  #skew = 0;
  #started = 0;
  #timer = null;
  #drafts = new Map();
  #abort = null;
  #sending = false;

  constructor() {
    super();
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE);
    this.#root.adoptedStyleSheets = [sheet];
    this.#root.append(this.#status, this.#main);
  }

  /** The session's token, or a function that gives one; asked again when it has ended. Never written into the page. */
  get accessToken() { return this.#token; }
  set accessToken(value) { this.#token = value; this.#refresh(); }

  connectedCallback() {
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    const look = () => { if (document.visibilityState !== "hidden") this.refresh(); };
    addEventListener("online", look, { signal });
    addEventListener("offline", () => { this.#offline = true; this.#draw(); }, { signal });
    document.addEventListener("visibilitychange", look, { signal });
    addEventListener("storage", (event) => { if (event.key === this.#key("queue")) this.refresh(); }, { signal });
    this.#timer = setInterval(look, 60_000);
    this.#refresh();
  }
  disconnectedCallback() { this.#abort?.abort(); clearInterval(this.#timer); }
  attributeChangedCallback(_name, before, after) { if (before !== null && before !== after) this.#refresh(); }

  /** Read everything anew; gives a promise that is done when it is shown. */
  refresh() { return this.#load(); }
  #refresh() { if (this.isConnected && this.#token) queueMicrotask(() => this.#load()); }

  // ------------------------------------------------------------------ talking to the service
  get #base() { return (this.getAttribute("base-url") ?? "").replace(/\/$/, ""); }
  get #lang() { return this.getAttribute("lang") || document.documentElement.lang || navigator.language || "en"; }
  get #id() { return this.getAttribute("procedure") || this.#mine?.id; }
  #key(what) { return `prep-tracker:${this.#base}:${this.getAttribute("procedure") ?? ""}:${what}`; }
  #keep(what, value) {
    if (this.hasAttribute("no-store")) return;
    try { value === null ? localStorage.removeItem(this.#key(what)) : localStorage.setItem(this.#key(what), JSON.stringify(value)); } catch { /* full or forbidden: it works without */ }
  }
  #kept(what) {
    if (this.hasAttribute("no-store")) return null;
    try { return JSON.parse(localStorage.getItem(this.#key(what))); } catch { return null; }
  }

  async #send(method, path, body, headers = {}, again = true) {
    const token = typeof this.#token === "function" ? await this.#token({ expired: !again }) : this.#token;
    const answer = await fetch(this.#base + path, {
      method, cache: "no-store", credentials: "omit",
      headers: { Accept: "application/json", "Accept-Language": this.#lang, ...(token ? { Authorization: `Bearer ${token}` } : {}),
        ...(body === undefined ? {} : { "Content-Type": "application/json" }), ...headers },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    if (answer.status === 401 && again && typeof this.#token === "function") return this.#send(method, path, body, headers, false);
    if (answer.ok || answer.status === 304) return answer;
    const problem = await answer.json().catch(() => ({}));
    throw Object.assign(new Error(problem.title ?? answer.statusText), { status: answer.status, problem });
  }
  async #get(path) { return (await this.#send("GET", path)).json(); }

  async #load() {
    if (!this.#token || this.#busy) return;
    this.#busy = true;
    this.#started = performance.now();
    try {
      await this.#speak();
      await this.#flush();
      if (!this.#mine) this.#mine = (await this.#get(`/v1/portal/procedures?lang=${encodeURIComponent(this.#lang)}`)).items[0];
      const path = `/v1/portal/procedures/${this.#id}`;
      const answer = await this.#send("GET", `${path}/checklist?lang=${encodeURIComponent(this.#lang)}`, undefined,
        this.#etag && this.#data ? { "If-None-Match": this.#etag } : {});
      this.#offline = false;
      this.#error = null;
      if (answer.status !== 304) {
        this.#etag = answer.headers.get("ETag");
        this.#data = await answer.json();
        this.#asked = (await this.#get(`${path}/questions?lang=${encodeURIComponent(this.#lang)}`)).items;
        this.#skew = between(dayIn(this.#data.procedure.time_zone), this.#data.as_of);
        this.#keep("last", { data: this.#data, asked: this.#asked, mine: this.#mine, words: this.#words, skew: this.#skew });
      }
      this.#draw();
      this.#tell("prep-load", { checklist: this.#data, milliseconds: performance.now() - this.#started });
    } catch (error) {
      this.#fail(error);
    } finally { this.#busy = false; }
  }

  async #speak() {
    if (this.#words.language === this.#lang) return;
    const found = await fetch(`${this.#base}/embed/words/${encodeURIComponent(this.#lang)}.json`, { credentials: "omit" });
    if (!found.ok) throw Object.assign(new Error("words"), { status: found.status });
    this.#words = { ...(await found.json()), language: this.#lang };
    this.#etag = null;
    this.#mine = null;
  }

  #fail(error) {
    if (error.status === undefined) {                       // nothing was answered: we are offline
      this.#offline = true;
      const last = this.#data ? null : this.#kept("last");
      if (last) ({ data: this.#data, asked: this.#asked, mine: this.#mine, words: this.#words, skew: this.#skew } = last);
      this.#error = this.#data ? null : "offline_empty";
    } else {
      this.#error = error.status === 401 ? "ended" : error.status === 404 ? "gone" : "problem";
      if (error.status === 401 || error.status === 404) this.forget();
    }
    this.#draw();
    this.#tell("prep-error", { status: error.status ?? 0, problem: error.problem ?? null });
  }

  /** Forget everything that is kept on this device. */
  forget() { this.#data = null; this.#etag = null; this.#mine = null; this.#asked = []; this.#keep("last", null); this.#keep("queue", null); }

  /** Say something; without a network it waits in line and is sent once, later. */
  async #say(method, path, body, done) {
    const queue = this.#kept("queue") ?? [];
    const item = { key: crypto.randomUUID(), method, path: `/v1/portal/procedures/${this.#id}/${path}`, body, mine: this.#id };
    if (queue.some((one) => one.path === item.path && JSON.stringify(one.body) === JSON.stringify(body))) return;
    if (this.#sending) return;                               // a double tap
    this.#sending = true;
    this.#announce(this.#w("sending"));
    try {
      const answer = await this.#deliver(item);
      this.#note = { text: done, bad: false };
      this.#tell("prep-change", { said: body ?? null, answer });
      this.#busy = false;
      await this.#load();
      this.#announce(done);
    } catch (error) {
      if (error.status === undefined || error.status === 503 || error.status === 429) {
        this.#keep("queue", [...queue, item]);
        this.#offline = error.status === undefined;
        this.#note = { text: this.#w("queued"), bad: false };
      } else if (error.status === 401 || error.status === 404) { this.#fail(error); return; }
      else this.#note = { text: error.problem?.errors?.map((one) => one.message).join(" ") || error.problem?.detail || this.#w("problem"), bad: true };
      this.#draw();
      this.#announce(this.#note.text);
    } finally { this.#sending = false; }
  }
  async #deliver(item) {
    const headers = item.method === "POST" ? { "Idempotency-Key": item.key } : {};
    const answer = await this.#send(item.method, item.path, item.body, headers);
    return answer.status === 204 ? null : answer.json();
  }
  async #flush() {
    for (let queue = this.#kept("queue") ?? []; queue.length; queue = this.#kept("queue") ?? []) {
      const [first, ...rest] = queue;
      try {
        const answer = await this.#deliver(first);
        this.#tell("prep-change", { said: first.body ?? null, answer });
        this.#note = { text: this.#w("sent_late"), bad: false };
      } catch (error) {
        if (error.status === undefined || error.status === 503 || error.status === 429) throw error;
        if (error.status === 401) throw error;
        this.#note = { text: this.#w("not_taken"), bad: true };
      }
      this.#keep("queue", rest.length ? rest : null);
    }
  }
  #tell(name, detail) { this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true })); }
  #announce(text) { this.#status.textContent = text; }

  // ------------------------------------------------------------------ words
  #w(key, values = {}) {
    const text = this.#words[`portal.${key}`] ?? "";
    return text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
  }
  #n(key, n) {
    const form = new Intl.PluralRules(this.#lang).select(n);
    return (this.#words[`portal.${key}.${form}`] ?? this.#words[`portal.${key}.other`] ?? "{n}").replace("{n}", new Intl.NumberFormat(this.#lang, { numberingSystem: "latn" }).format(n));
  }
  #day(day, year = false) {
    return new Intl.DateTimeFormat(this.#lang, { weekday: "long", day: "numeric", month: "long", ...(year ? { year: "numeric" } : {}), timeZone: "UTC", numberingSystem: "latn" }).format(toTime(day));
  }
  get #today() {
    const zone = this.#data.procedure.time_zone;
    return this.#offline ? addDays(dayIn(zone), this.#skew) : this.#data.as_of;
  }

  // ------------------------------------------------------------------ drawing
  #draw() {
    const focused = this.#root.activeElement?.id;
    const open = [...this.#root.querySelectorAll("details[open]")].map((one) => one.id);
    for (const field of this.#root.querySelectorAll("[name]")) this.#drafts.set(field.id, field.type === "radio" || field.type === "checkbox" ? field.checked : field.value);
    this.#main.dir = RTL.has(this.#lang.slice(0, 2)) ? "rtl" : "ltr";
    this.#main.lang = this.#lang;
    this.#main.replaceChildren(...this.#page().flat().filter(Boolean));
    for (const id of open) this.#root.getElementById(id)?.setAttribute("open", "");
    for (const [id, value] of this.#drafts) {
      const field = this.#root.getElementById(id);
      if (field) typeof value === "boolean" ? (field.checked = value) : (field.value = value);
    }
    if (focused) this.#root.getElementById(focused)?.focus({ preventScroll: true });
  }

  #page() {
    const banner = [
      this.#offline && h("p", { part: "notice offline" }, this.#w(this.#data ? "offline" : "offline_empty")),
      this.#note && h("p", { part: `notice${this.#note.bad ? " bad" : ""}` }, this.#note.text),
    ];
    if (this.#error) return [h("p", { part: "notice bad", role: "alert" }, this.#w(this.#error) || "This could not be loaded. Please try again later."), ...(this.#error === "offline_empty" ? [] : banner)];
    if (!this.#data) return [h("p", { part: "soft" }, this.#w("loading") || "…")];
    const { items, procedure, standing } = this.#data;
    const today = this.#today;
    const shown = items.map((item) => ({ ...item, now: stateOn(item, today) }));
    const ended = ["cancelled", "no-show"].includes(standing.level);
    const todo = shown.filter((item) => OPEN.has(item.now));
    const next = shown.filter((item) => item.now === "upcoming");
    const past = shown.filter((item) => DONE.has(item.now));
    const asked = this.#asked.filter((one) => one.kind === "fact" && one.who === "patient");
    const unanswered = asked.filter((one) => !one.answered);
    return [...banner, this.#countdown(procedure, today), this.#standing(standing, ended),
      ...(ended ? [] : [
        unanswered.length ? [h("h2", {}, this.#w("questions")), unanswered.map((one) => this.#fact(one))] : [],
        h("h2", {}, this.#w("today")),
        todo.length ? h("ul", { part: "list" }, todo.map((item) => this.#item(item, today))) : h("p", { part: "soft" }, this.#w("nothing_today")),
        this.#sun(items, today), this.#may(),
        next.length ? [h("h2", {}, this.#w("next")), h("ul", { part: "list" }, next.map((item) => this.#item(item, today)))] : [],
        past.length ? h("details", { id: "past" }, h("summary", {}, this.#n("past", past.length)), h("ul", { part: "list" }, past.map((item) => this.#item(item, today)))) : [],
        asked.length > unanswered.length ? h("details", { id: "answered" }, h("summary", {}, this.#w("answered")), asked.filter((one) => one.answered).map((one) => this.#fact(one))) : [],
      ]).flat(), this.#clinic()];
  }

  #countdown(procedure, today) {
    const days = between(today, procedure.on);
    const when = this.#day(procedure.on, true) + (procedure.at ? `, ${procedure.at}` : "");
    return h("p", { part: "countdown" },
      days > 0 ? [h("span", { part: "number" }, this.#n("days", days)), this.#w("until", { on: when })]
        : days === 0 ? [h("span", { part: "number" }, this.#w("is_today")), when] : [h("span", { part: "number" }, this.#w("was")), when]);
  }

  #standing(standing, ended) {
    const mine = standing.reasons.filter((one) => one.who === "patient");
    const theirs = standing.reasons.length - mine.length;
    return h("div", { part: `standing ${standing.level}` }, h("p", {}, h("strong", {}, this.#w(`standing.${standing.level}`))),
      !ended && mine.length > 0 && h("ul", {}, mine.slice(0, 4).map((one) => h("li", {}, one.text))),
      !ended && theirs > 0 && h("p", { part: "soft" }, this.#n("clinic_does", theirs)));
  }

  #item(item, today) {
    const bad = ["short", "late", "closed"].includes(item.now);
    const times = item.times?.length ? ` · ${item.times.map((one) => this.#words[`portal.part.${one}`] ?? one).join(", ")}` : "";
    return h("li", { part: "item", "data-step": item.step }, h("h3", { lang: item.language }, h("span", { part: "check", "aria-hidden": "true" }), item.title),
      h("p", { part: bad ? "state bad" : "state" }, this.#when(item, today), times),
      item.detail && h("p", { lang: item.language }, item.detail),
      item.again && h("p", {}, item.again),
      this.#strip(item, today), this.#act(item, today),
      h("details", { id: `why-${item.step}` }, h("summary", {}, this.#w("why")), h("p", {}, item.why), item.because.map((one) => h("p", { part: "soft" }, one))));
  }

  #when(item, today) {
    const state = this.#w(`state.${item.now}`);
    if (item.now === "upcoming" && item.opens_on) return this.#w("from", { on: this.#day(item.opens_on), days: this.#n("days", between(today, item.opens_on)) });
    if (item.now === "short" && item.days_short) return `${state}: ${this.#n("short_by", item.days_short)}`;
    if (item.now === "unknown" || item.now === "late") return item.act_by ? `${state} · ${this.#w("by", { on: this.#day(item.act_by) })}` : state;
    if (item.now === "open" && item.closes_on && item.closes_on > today) return `${state} · ${this.#w("until_day", { on: this.#day(item.closes_on) })}`;
    return state;
  }

  /** The days of a window as a strip: gone, today, ahead. What it shows is said in words above it. */
  #strip(item, today) {
    if (!item.opens_on || !item.closes_on || !["avoid", "daily"].includes(item.kind)) return null;
    const length = between(item.opens_on, item.closes_on) + 1;
    if (length < 2 || length > 120 || item.closes_on < today) return null;
    const kept = new Set(item.marks.filter((mark) => mark.kind === "kept").map((mark) => mark.on));
    return h("div", { part: "strip", "aria-hidden": "true" }, Array.from({ length }, (_, n) => {
      const day = addDays(item.opens_on, n);
      const tint = item.kind === "daily" ? (kept.has(day) ? "done" : day < today ? "bad" : "") : day < today ? (item.now === "short" ? "bad" : "done") : "";
      return h("i", { class: `${tint || (day === today ? "in" : "")}${day === today ? " today" : ""}` });
    }));
  }

  #button(id, text, click, quiet = false) {
    return h("button", { type: "button", id, part: quiet ? "button quiet" : "button", class: quiet ? "quiet" : null, onclick: click }, text);
  }

  #act(item, today) {
    const id = item.step;
    const mark = (kind, on) => this.#say("POST", "marks", { step: id, kind, ...(on === undefined ? {} : { on }) }, this.#w("thanks"));
    const own = item.who === "patient";
    const buttons = [];
    const ask = item.asks?.kind;
    if (ask === "since") {
      const field = h("input", { type: "date", id: `since-${id}`, name: "since", max: today });
      buttons.push(h("label", {}, this.#w("since"), field),
        this.#button(`go-${id}`, this.#w("since_go"), () => (field.value ? mark("since", field.value) : this.#missing(field))),
        this.#button(`never-${id}`, this.#w("never"), () => mark("since", null), true));
    } else if (ask === "gate" && own) {
      const yes = item.asks.safe ? "safe" : "unsafe";
      buttons.push(this.#button(`yes-${id}`, this.#w("yes"), () => mark(yes), yes === "unsafe"),
        this.#button(`no-${id}`, this.#w("no"), () => mark(yes === "safe" ? "unsafe" : "safe"), yes === "safe"));
    } else if (ask === "understood") buttons.push(this.#button(`ok-${id}`, this.#w("understood"), () => mark("understood")));
    else if (ask === "done" && own && item.now !== "upcoming") buttons.push(this.#button(`done-${id}`, this.#w("done"), () => mark("done", today)));
    else if (ask === "kept" && item.now !== "upcoming" && !item.marks.some((one) => one.kind === "kept" && one.on === today)) buttons.push(this.#button(`kept-${id}`, this.#w("kept"), () => mark("kept", today)));
    else if (ask === "no_more_products") {
      const text = h("input", { id: `product-${id}`, name: "product", maxlength: 200, autocomplete: "off" });
      buttons.push(h("label", {}, this.#w("product"), text),
        this.#button(`add-${id}`, this.#w("product_add"), () => (text.value.trim() ? this.#product(text) : this.#missing(text))),
        this.#button(`none-${id}`, this.#w("no_more"), () => this.#say("POST", "marks", { kind: "no_more_products" }, this.#w("thanks")), true));
    }
    const last = item.marks.at(-1);
    if (last && own && !ask?.startsWith("since")) buttons.push(this.#button(`undo-${id}`, this.#w("undo"), () => this.#say("POST", `entries/${last.entry}/withdrawal`, {}, this.#w("undone")), true));
    return [item.asks?.text && buttons.length > 0 && !["done", "kept"].includes(ask) ? h("p", {}, h("strong", {}, item.asks.text)) : null, buttons.length ? h("div", { part: "row actions", class: "row no-print" }, buttons) : null];
  }

  #product(field) {
    const text = field.value.trim();
    this.#drafts.delete(field.id);
    field.value = "";
    return this.#say("POST", "products", { text, kind: "medicine" }, this.#w("product_added", { text }));
  }
  #missing(field) { field.setAttribute("aria-invalid", "true"); field.focus(); this.#announce(this.#w("fill_in")); }

  #fact(one) {
    const id = `fact-${one.id}`;
    const save = (value) => this.#say("PUT", "answers", { [one.id]: value }, this.#w("thanks"));
    const name = (value) => this.#words[`option.${value}`] ?? value;
    if (one.type === "yes-no" || one.type === "one-of") {
      const options = one.type === "yes-no" ? [[true, this.#w("yes")], [false, this.#w("no")]] : one.options.map((value) => [value, name(value)]);
      return h("fieldset", { part: "box question" }, h("legend", {}, one.text), h("div", { part: "row actions", class: "row" },
        options.map(([value, text], n) => h("button", { type: "button", id: `${id}-${n}`, part: "button", class: one.answered && one.value === value ? null : "quiet", "aria-pressed": one.answered ? String(one.value === value) : null, onclick: () => save(value) }, text))));
    }
    if (one.type === "many-of") {
      const boxes = one.options.map((value, n) => [value, h("input", { type: "checkbox", id: `${id}-${n}`, name: one.id, checked: one.value?.includes(value) })]);
      return h("fieldset", { part: "box question" }, h("legend", {}, one.text), boxes.map(([value, box]) => h("label", { class: "choice" }, box, name(value))),
        this.#button(`${id}-go`, this.#w("save"), () => save(boxes.filter(([, box]) => box.checked).map(([value]) => value))));
    }
    const field = h("input", { id, name: one.id, type: one.type === "number" ? "number" : one.type === "date" ? "date" : "text", step: "any", maxlength: 1000, value: one.value ?? "" });
    return h("div", { part: "box question" }, h("div", { class: "row" }, h("label", {}, one.text, field),
      this.#button(`${id}-go`, this.#w("save"), () => (field.value === "" ? this.#missing(field) : save(one.type === "number" ? Number(field.value) : field.value)))));
  }

  #sun(items, today) {
    const contacts = this.#words["portal.contacts"]?.split(" ").filter((one) => this.#words[`portal.contact.${one}`]) ?? ["sun"];
    const what = h("select", { id: "sun-what", name: "to" }, contacts.map((one) => h("option", { value: one }, this.#w(`contact.${one}`))));
    const day = h("input", { id: "sun-day", name: "on", type: "date", max: today, value: today });
    const burn = h("input", { id: "sun-burn", name: "kind", type: "checkbox" });
    return h("details", { id: "sun", part: "box sun", class: "box no-print" }, h("summary", {}, this.#w("sun")), h("p", {}, this.#w("sun_hint")),
      h("div", { class: "row" }, h("label", {}, this.#w("sun_what"), what), h("label", {}, this.#w("sun_day"), day)),
      h("label", { class: "choice" }, burn, this.#w("sun_burn")),
      this.#button("sun-go", this.#w("sun_go"), () => (day.value
        ? this.#say("POST", "exposures", { to: what.value, on: day.value, ...(burn.checked && what.value === "sun" ? { kind: "sunburn" } : {}) }, this.#w("sun_thanks"))
        : this.#missing(day))));
  }

  #may() {
    const text = h("textarea", { id: "may-text", name: "text", rows: 2, maxlength: 5000 });
    const ask = async () => {
      if (!text.value.trim()) { this.#missing(text); return; }
      try {
        this.#scan = await (await this.#send("POST", `/v1/portal/procedures/${this.#id}/scan?lang=${encodeURIComponent(this.#lang)}`, { text: text.value })).json();
      } catch (error) { this.#scan = { text: error.status === undefined ? this.#w("may_offline") : error.problem?.errors?.[0]?.message ?? this.#w("problem"), concerns: [] }; }
      this.#draw();
      this.#announce(this.#scan.text);
    };
    return h("details", { id: "may", part: "box may", class: "box no-print" }, h("summary", {}, this.#w("may")), h("p", {}, this.#w("may_hint")),
      h("label", {}, this.#w("may_label"), text), this.#button("may-go", this.#w("may_go"), ask),
      this.#scan && h("div", { part: "notice" }, h("p", {}, h("strong", {}, this.#scan.text)), h("ul", {}, this.#scan.concerns.map((one) => h("li", {}, one.text, " ", h("span", { part: "soft" }, `(${one.words.join(", ")})`))))));
  }

  #clinic() {
    const clinic = this.#mine?.clinic;
    if (!clinic) return null;
    const { phone, email, address } = clinic.contact;
    return h("footer", { part: "clinic" }, h("h2", {}, this.#w("clinic")), h("p", {}, h("bdi", {}, clinic.name)),
      phone && h("p", {}, h("a", { href: `tel:${phone.replace(/[^+\d]/g, "")}` }, h("bdi", { dir: "ltr" }, phone))),
      email && h("p", {}, h("a", { href: `mailto:${email}` }, h("bdi", { dir: "ltr" }, email))), address && h("p", {}, h("bdi", {}, address)),
      h("p", { part: "soft" }, this.#w("version", { protocol: this.#data.procedure.protocol, on: this.#day(this.#data.as_of, true) })));
  }
}

if (!customElements.get("prep-checklist")) customElements.define("prep-checklist", PrepChecklist);
export { PrepChecklist };
