/* <prep-checklist>: a patient's countdown checklist, from the prep-tracker portal API. What the service answers is shown
   as it is, as text, never as HTML; a day is looked up in an item's timeline, so that it stays true offline. */

const DAY = 86_400_000;
const OPEN = new Set(["unknown", "late", "short", "closed", "open"]);
const BAD = new Set(["late", "short", "closed"]);
const DONE = new Set(["done", "waived", "over"]);
/* What an item asks for when its day comes offline. */
const LATER = { avoid: "since", do: "done", daily: "kept", note: "understood" };

const toTime = (day) => Date.parse(`${day}T00:00:00Z`);
const addDays = (day, n) => new Date(toTime(day) + n * DAY).toISOString().slice(0, 10);
const between = (from, to) => Math.round((toTime(to) - toTime(from)) / DAY);
const stateOn = (item, day) => {
  let found = item.timeline[0]?.[1] ?? item.state;
  for (const [from, state] of item.timeline) if (from <= day) found = state;
  return found;
};
/* Swedish writes a civil day year-month-day. */
const dayIn = (zone, at) => new Intl.DateTimeFormat("sv", { timeZone: zone }).format(at);
const secret = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (one) => one.toString(16).padStart(2, "0")).join("");
const same = (one, other) => one.path === other.path && JSON.stringify(one.body) === JSON.stringify(other.body);
/* No answer, or "later": to be sent again. */
const waits = ({ status, problem }) => status === undefined || status === 429 || status > 501 || /busy$/.test(problem?.type);

const h = (tag, props = {}, ...children) => {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === false || value == null) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else {
      if (name === "part") node.classList.add(...value.split(" "));
      node.setAttribute(name, value === true ? "" : value);
    }
  }
  node.append(...children.flat(3).filter(Boolean));
  return node;
};

const TONES = [["ink", "1d2327", "e9e7e2"], ["soft", "555f66", "aeb6bb"], ["card", "fff", "1c2226"], ["line", "d9d6d0", "384147"], ["accent", "0b5c63", "7fd0d6"],
  ["on-accent", "fff", "08282b"], ["bad", "a3152c", "ff9aa6"], ["warn", "8a4b00", "ffc27a"], ["good", "1f6a3b", "8fdcaa"], ["focus", "b4530a", "ffb866"]];
const tones = (mixed) => TONES.map(([name, light, dark]) => `--_${name}:var(--prep-${name},${mixed(`#${light}`, `#${dark}`)})`).join(";");
const STYLE = `
:host{${tones((light) => light)};--_r:var(--prep-radius,.75rem);display:block;overflow-wrap:anywhere;color:var(--_ink);
font:1rem/1.5 var(--prep-font,system-ui,sans-serif)}
@supports(color:light-dark(#000,#fff)){:host{${tones((light, dark) => `light-dark(${light},${dark})`)}}}
:host([hidden]),.paper{display:none}*{box-sizing:border-box}
h2{font-size:1.25rem;margin:2rem 0 .5rem}h3{font-size:1.0625rem;margin:0}
p{margin:.25rem 0}ul,ol{list-style:none;margin:0;padding:0}a{color:var(--_accent)}
.number{font-size:2.75rem;font-weight:700;line-height:1.1;display:block}
.days{display:grid;grid-template-columns:repeat(7,minmax(0,1fr));gap:.25rem;max-width:22rem;margin:1rem 0;text-align:center;font-size:.875rem}
.days b{font-weight:400;color:var(--_soft);font-size:.75rem}.days i{font-style:normal;padding:.25rem 0;border-radius:.5rem;border:2px solid transparent;background:var(--_card)}
.days .done{background:none;color:var(--_soft)}.days .today{border-color:var(--_accent);font-weight:700}.days .goal{background:var(--_accent);color:var(--_on-accent);font-weight:700}
.days .has::after{content:"";display:block;width:.375rem;height:.375rem;margin:auto;border-radius:50%;background:currentColor}
.item,.box,.notice,.standing{background:var(--_card);border:1px solid var(--_line);border-radius:var(--_r);padding:.875rem 1rem;margin:.625rem 0}
.standing{border-inline-start:.375rem solid var(--_soft)}.blocked,.at-risk{border-color:var(--_bad)}.waiting{border-color:var(--_warn)}.ready,.on-track,.completed{border-color:var(--_good)}
.state,.soft{color:var(--_soft)}.state.bad{color:var(--_bad);font-weight:600}.good{color:var(--_good);font-weight:600}
.row{display:flex;flex-wrap:wrap;gap:.625rem;align-items:end;margin-block-start:.625rem}
button,input,select,textarea{font:inherit;color:inherit;min-height:2.75rem;border-radius:.5rem}
button{padding:.5rem 1.125rem;border:1px solid var(--_accent);background:var(--_accent);color:var(--_on-accent);font-weight:600;cursor:pointer}
.quiet,[aria-pressed=false]{background:none;color:var(--_accent)}[aria-busy=true] button{opacity:.6}
input,select,textarea{width:100%;font-weight:400;padding:.5rem .75rem;border:1px solid var(--_soft);background:var(--_card)}
[aria-invalid=true]{border:2px solid var(--_bad)}.fault{color:var(--_bad)}
input[type=checkbox]{width:1.375rem;min-height:1.375rem;accent-color:var(--_accent);flex:none}
label{display:grid;grid-template-columns:minmax(0,1fr);gap:.25rem;font-weight:600;flex:1 1 12rem;min-width:0}
label.wide{flex-basis:100%}label.choice{display:flex;gap:.625rem;align-items:center;font-weight:400;min-height:2.75rem}
fieldset{min-width:0}legend{padding:0;font-weight:600;float:inline-start;width:100%}legend+*{clear:both}
summary{cursor:pointer;min-height:2.75rem;padding-block:.625rem;font-weight:600;color:var(--_accent)}.item summary{font-weight:400}.box>summary{margin:-.5rem 0}.item{padding-block-end:.25rem}
.strip{display:flex;gap:1px;margin-block-start:.625rem;height:.625rem}.strip i{flex:1;border-radius:2px;background:var(--_line);min-width:1px}
.strip .done{background:var(--_good)}.strip .bad{background:var(--_bad)}.strip .today{outline:2px solid var(--_ink);outline-offset:1px}
.notice.bad{border-color:var(--_bad)}
.toast{position:sticky;inset-block-end:.5rem;border:2px solid var(--_good);display:flex;flex-wrap:wrap;gap:.5rem;align-items:center}.toast p{flex:1 1 9rem}
:focus-visible{outline:3px solid var(--_focus);outline-offset:2px}li:focus,.toast:focus{outline:none}
.unseen{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap;margin:0}
@media print{:host{color:#000;line-height:1.3}.screen,.unseen{display:none}.paper{display:block;font-size:13pt}.roomy{font-size:15pt}.tight{font-size:11.5pt}.paper h2{font-size:1.5em;margin:0 0 .2em}
.paper li{display:grid;grid-template-columns:1.4em 1fr auto;align-items:baseline;gap:0 .6em;padding:.3em 0;border-block-end:1px solid #bbb;break-inside:avoid}.tight li{padding:.15em 0}
.paper i{width:1.1em;height:1.1em;border:1.5pt solid #000;align-self:start;font:700 1em/1 sans-serif;text-align:center}.paper span{text-align:end}.paper li p{grid-column:2/4;font-size:.8em}
.paper footer{margin-block-start:.8em}.paper footer h2{font-size:1em}.paper footer p{display:inline-block;margin-inline-end:1.2em;font-size:1em;color:#000}.paper a{color:#000;text-decoration:none}}
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
  #error = null;  // instead of the list
  #trouble = null;  // above it
  #note = null;
  #scan = null;
  #held = new Map();  // what cannot be kept on the device
  #born = new Set();  // what was said on this page
  #sent = [];  // what was sent but is not shown yet
  #waited = false;
  #skew = { ms: 0, days: 0 };
  #drafts = new Map();
  #line = Promise.resolve();
  #next = null;
  #shown = null;
  #abort = null;
  #timer = null;

  constructor() {
    super();
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE);
    this.#root.adoptedStyleSheets = [sheet];
    this.#root.append(this.#status, this.#main);
  }

  /** The session's token, or a function that gives one: asked again when it has ended. */
  get accessToken() { return this.#token; }
  set accessToken(value) { this.#token = value; this.#error = null; this.#begin(); }

  connectedCallback() {
    if (Object.hasOwn(this, "accessToken")) {   // set before this script had come
      const value = this.accessToken;
      delete this.accessToken;
      this.accessToken = value;
    }
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    const look = () => { if (document.visibilityState !== "hidden") this.#begin(); };
    addEventListener("online", look, { signal });
    addEventListener("offline", () => { if (this.#data) { this.#trouble = "offline"; this.#draw(); } }, { signal });
    document.addEventListener("visibilitychange", look, { signal });
    addEventListener("storage", (event) => { if (event.key === this.#key("queue")) this.#begin(); }, { signal });
    this.#timer = setInterval(look, 60_000);
    this.#draw();
    this.#begin();
  }
  disconnectedCallback() { this.#abort?.abort(); clearInterval(this.#timer); }
  attributeChangedCallback(name, before, after) {
    if (before === after) return;
    if (name !== "lang") this.#data = this.#mine = this.#error = null;
    this.#etag = null;
    this.#begin();
  }

  /** Send what waits and read everything anew; done when it is shown. */
  refresh() { return (this.#next ??= this.#line = this.#line.catch(() => null).then(() => { this.#next = null; return this.#load(); })); }
  /** Forget everything that is kept on this device. */
  forget() {
    this.#data = this.#etag = this.#mine = this.#note = this.#scan = null;
    this.#asked = [];
    this.#drafts.clear();
    this.#keep("last", null);
    this.#keep("queue", null);
    this.#draw();
  }
  #begin() { if (this.isConnected && this.#token && !this.#error) queueMicrotask(() => this.refresh()); }

  #key(what) { return `prep-tracker:${this.#base}:${this.getAttribute("procedure") ?? ""}:${what}`; }
  #keep(what, value) {
    const key = this.#key(what);
    this.#held.set(key, value);
    if (this.hasAttribute("no-store")) return;
    try { value === null ? localStorage.removeItem(key) : localStorage.setItem(key, JSON.stringify(value)); } catch { /* full or forbidden */ }
  }
  #kept(what) {
    if (!this.hasAttribute("no-store")) try { return JSON.parse(localStorage.getItem(this.#key(what))); } catch { /* forbidden */ }
    return this.#held.get(this.#key(what)) ?? null;
  }
  get #queue() { return this.#kept("queue") ?? []; }
  #drop(key) {
    const rest = this.#queue.filter((one) => one.key !== key);
    this.#keep("queue", rest.length ? rest : null);
  }

  get #base() { return (this.getAttribute("base-url") ?? "").replace(/\/$/, ""); }
  get #lang() { return this.getAttribute("lang") || document.documentElement.lang || navigator.language || "en"; }
  get #id() { return this.getAttribute("procedure") || this.#mine?.id; }
  #at(what) { return `/v1/portal/procedures${what}?lang=${encodeURIComponent(this.#lang)}`; }

  async #send(method, path, body, headers = {}, again = true) {
    const token = typeof this.#token === "function" ? await this.#token({ expired: !again }) : this.#token;
    const answer = await fetch(this.#base + path, {
      method, cache: "no-store", credentials: "omit", signal: AbortSignal.timeout?.(20_000),
      headers: { Authorization: `Bearer ${token}`, ...(body === undefined ? {} : { "Content-Type": "application/json" }), ...headers },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    if (answer.status === 401 && again && typeof this.#token === "function") return this.#send(method, path, body, headers, false);
    if (answer.ok || answer.status === 304) return answer;
    const problem = await answer.json().catch(() => ({}));
    throw Object.assign(new Error(problem.title ?? answer.statusText), { status: answer.status, problem });
  }
  async #get(what) { return (await this.#send("GET", this.#at(what))).json(); }

  async #load() {
    if (!this.#token || !this.isConnected) return;
    const began = performance.now();
    try {
      const [, all] = await Promise.all([this.#speak(), this.#mine ? null : this.#get("")]);
      if (all) this.#mine = all.items.find((one) => one.id === this.getAttribute("procedure")) ?? all.items[0];
      const here = `/${this.#id}`, said = await this.#flush();
      const questions = () => this.#get(`${here}/questions`);
      const [answer, early] = await Promise.all([
        this.#send("GET", this.#at(`${here}/checklist`), undefined, this.#etag && this.#data ? { "If-None-Match": this.#etag } : {}),
        this.#etag ? null : questions()]);
      const cleared = this.#trouble !== null || this.#error !== null;
      this.#trouble = this.#error = null;
      if (answer.status !== 304) {
        this.#data = await answer.json();
        this.#asked = (early ?? (await questions())).items;
        this.#etag = answer.headers.get("ETag");
        this.#set(answer.headers.get("Date"));
      }
      if (answer.status === 304 && !cleared && !said) return;
      const read = performance.now();
      this.#draw();
      this.#tell("prep-load", { checklist: this.#data, loading: read - began, drawing: performance.now() - read });
    } catch (error) {
      this.#fail(error);
    } finally { this.#sent = []; }
  }

  /** Learn by how much this device's clock is wrong. */
  #set(date) {
    const ms = date ? Math.round((Date.parse(date) - Date.now()) / 60_000) * 60_000 : 0;
    this.#skew = { ms, days: between(dayIn(this.#data.procedure.time_zone, Date.now() + ms), this.#data.as_of) };
    this.#keep("last", { data: this.#data, asked: this.#asked, mine: this.#mine, words: this.#words, skew: this.#skew });
  }

  async #speak() {
    const wanted = this.#lang;
    if (this.#words.wanted === wanted) return;
    const found = await fetch(`${this.#base}/embed/words/${encodeURIComponent(wanted)}.json`, { signal: AbortSignal.timeout?.(20_000) });
    if (!found.ok) throw Object.assign(new Error("words"), { status: 0 });
    this.#words = { ...(await found.json()), wanted };
    this.#etag = null;
  }

  #fail(error) {
    const { status, problem = null } = error;
    if (status === 401 || status === 404) {
      this.#error = status === 404 ? "gone" : this.#queue.length ? "ended_unsent" : "ended";
      this.forget();
    } else {
      this.#trouble = status === undefined ? "offline" : "problem";
      const last = this.#data ? null : this.#kept("last");
      if (last) ({ data: this.#data, asked: this.#asked, mine: this.#mine, skew: this.#skew } = last);
      if (last && !this.#words.language) this.#words = last.words;
      if (this.#queue.some((one) => this.#born.has(one.key))) { this.#waited = true; this.#note = { text: this.#w("queued") }; }
    }
    if (this.#shown !== this.#sign) this.#draw();
    this.#announce(this.#note?.text ?? this.#w(this.#error ?? this.#trouble));
    this.#tell("prep-error", { status: status ?? 0, problem });
  }

  /** Say something: it is kept in a line on the device, so that it is sent, and sent once. */
  #say(method, path, body, done, more = {}) {
    const item = { key: secret(), method, path: `/v1/portal/procedures/${this.#id}/${path}`, body, done, ...more };
    if ([...this.#queue, ...this.#sent].some((one) => same(one, item))) return this.refresh();   // a double tap
    this.#keep("queue", [...this.#queue, item]);
    this.#born.add(item.key);
    this.#note = null;
    this.#main.setAttribute("aria-busy", "true");
    this.#announce(this.#w("sending"));
    return this.refresh();
  }
  /** Send what waits, in its order; of several tabs, one does. */
  async #flush() {
    const go = async () => {
      let any = false;
      for (let one = this.#queue[0]; one; one = this.#queue[0], any = true) {
        try {
          const answer = await (await this.#send(one.method, one.path, one.body, one.method === "POST" ? { "Idempotency-Key": one.key } : {})).json();
          this.#note = { text: this.#born.has(one.key) && !this.#waited ? one.done : this.#w("sent_late"), undo: one.undoes ? null : answer.entry };
          this.#etag = null;
          this.#tell("prep-change", { said: one.body ?? null, answer });
        } catch (error) {
          if (waits(error) || error.status === 401) throw error;
          const wrong = error.problem?.errors?.map((one) => one.message).join(" ");
          this.#note = { text: one.undoes && error.status === 404 ? this.#w("not_yours") : [this.#w("not_taken"), wrong].filter(Boolean).join(" "), bad: true };
        }
        this.#sent.push(one);
        this.#drop(one.key);
        this.#announce(this.#note.text);
      }
      if (this.#waited && !any) { this.#note = { text: this.#w("sent_late") }; any = true; }  // another tab did
      this.#waited = false;
      return any;
    };
    return navigator.locks ? navigator.locks.request(this.#key("line"), go) : go();
  }
  #tell(name, detail) { this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true })); }
  #announce(text) { if (this.#status.textContent !== text) this.#status.textContent = text; }

  #w(key, values = {}) {
    return (this.#words[`portal.${key}`] ?? "").replace(/\{(\w+)\}/g, (_, name) => (this.#rtl ? `\u2068${values[name]}\u2069` : values[name]));
  }
  get #rtl() { return this.#words.direction === "rtl"; }
  get #spoken() { const language = this.#words.language ?? "en"; return language === "en" ? "en-GB" : language; }
  #n(key, n) {
    const form = new Intl.PluralRules(this.#spoken).select(n);
    return (this.#words[`portal.${key}.${form}`] ?? this.#words[`portal.${key}.other`] ?? "{n}").replace("{n}", n);
  }
  #day(day, year = false) {
    return new Intl.DateTimeFormat(this.#spoken, { weekday: "long", day: "numeric", month: "long", year: year ? "numeric" : undefined, timeZone: "UTC", numberingSystem: "latn" }).format(toTime(day)).replace(/[,،]/, "");
  }
  get #today() {
    const { ms, days } = this.#skew;
    return this.#trouble ? addDays(dayIn(this.#data.procedure.time_zone, Date.now() + ms), days) : this.#data.as_of;
  }

  /** What a failed look may change; where nothing did, nothing is drawn. */
  get #sign() { return [this.#error, this.#trouble, this.#note?.text, this.#data && this.#today, this.#queue.length].join(); }

  #draw() {
    const active = this.#root.activeElement;
    const back = active && [active.id, active.closest("[data-step]")?.id, "note"];
    const open = [...this.#root.querySelectorAll("details[open]")].map((one) => one.id);
    this.#drafts.clear();
    for (const one of this.#root.querySelectorAll("[name]")) {
      if (one.type === "checkbox" ? one.checked !== one.defaultChecked : one.options ? one.selectedIndex > 0 : one.value !== one.defaultValue) this.#drafts.set(one.id, one.type === "checkbox" ? one.checked : one.value);
    }
    this.#main.dir = this.#words.direction ?? "ltr";
    this.#main.lang = this.#words.language ?? "en";
    this.#main.removeAttribute("aria-busy");
    this.#shown = this.#sign;
    this.#main.replaceChildren(...this.#page().flat(2).filter(Boolean));
    for (const id of open) this.#root.getElementById(id)?.setAttribute("open", "");
    for (const [id, value] of this.#drafts) {
      const field = this.#root.getElementById(id);
      if (field) field[typeof value === "boolean" ? "checked" : "value"] = value;
    }
    back?.some((id) => { const one = id && this.#root.getElementById(id); one?.focus({ preventScroll: true }); return one && this.#root.activeElement === one; });
  }

  #page() {
    if (this.#error) return [h("p", { part: "notice bad" }, this.#w(this.#error))];
    if (!this.#data) return [h("p", { part: "notice" }, this.#trouble ? this.#w(`${this.#trouble}_empty`) || "No connection. Please try again later." : this.#w("loading") || "…")];
    const { items, procedure, standing } = this.#data;
    const today = this.#today, waiting = this.#queue;
    const shown = items.map((item) => {
      const now = stateOn(item, today), own = item.who === "patient";
      const ask = item.asks?.kind ?? (item.state === "upcoming" && OPEN.has(now) && (now === "unknown" || item.kind !== "note") ? LATER[item.kind] : null);
      const kept = item.marks.some((one) => one.kind === "kept" && one.on === today);
      return { ...item, now, own, ask: kept ? null : ask, kept, sending: waiting.filter((one) => one.step === item.step) };
    });
    const ended = ["cancelled", "no-show"].includes(standing.level);
    const open = shown.filter((item) => OPEN.has(item.now));
    const mine = (item) => BAD.has(item.now) || item.sending.length > 0 || (item.ask && (item.own || item.ask === "since" || item.ask === "no_more_products"));
    const groups = { today: open.filter(mine), go_on: open.filter((item) => !mine(item)), next: shown.filter((item) => item.now === "upcoming") };
    const past = shown.filter((item) => DONE.has(item.now));
    const asked = this.#asked.filter((one) => one.kind === "fact" && one.who === "patient");
    const [unanswered, answered] = [asked.filter((one) => !one.answered), asked.filter((one) => one.answered)];
    const list = (some, full) => h("ul", { part: "list" }, some.map((item) => this.#item(item, today, full)));
    const more = (id, title, content) => h("details", { id, part: "box more" }, h("summary", {}, title), content);
    return [h("div", { class: "screen" },
      this.#trouble && h("p", { part: "notice bad" }, this.#w(this.#trouble)),
      this.#countdown(procedure, today), !ended && this.#days(shown, procedure.on, today), this.#standing(standing, procedure, ended),
      ended ? null : [
        unanswered.length > 0 && [h("h2", {}, this.#w("questions")), unanswered.map((one) => this.#fact(one))],
        h("h2", {}, this.#w("today")), groups.today.length ? list(groups.today, true) : h("p", { part: "box" }, this.#w("nothing_today")),
        this.#sun(today), this.#may(),
        ["go_on", "next"].map((name) => groups[name].length > 0 && [h("h2", {}, this.#w(name)), list(groups[name])]),
        past.length > 0 && more("past", this.#n("past", past.length), list(past)),
        answered.length > 0 && more("answered", this.#w("answered"), answered.map((one) => this.#fact(one)))],
      this.#clinic(today), this.#toast()), this.#paper(shown, procedure, today)];
  }

  #toast() {
    const note = this.#note;
    const away = () => { this.#note = null; this.#draw(); };
    return note && h("div", { id: "note", tabindex: -1, part: `notice toast${note.bad ? " bad" : ""}` }, h("p", {}, note.text),
      note.undo && this.#button("note-undo", this.#w("undo"), () => this.#undo(note.undo), true), h("button", { type: "button", id: "note-close", part: "button quiet", "aria-label": this.#w("close"), onclick: away }, "×"));
  }

  #countdown(procedure, today) {
    const days = between(today, procedure.on);
    const when = this.#when(procedure);
    const [number, rest] = days > 0 ? [this.#n("days", days), this.#w("until", { on: when })] : [this.#w(days ? "was" : "is_today"), when];
    return h("p", { part: "countdown" }, h("span", { part: "number" }, number), rest);
  }
  #when({ on, at }) { return this.#day(on, true) + (at ? ` · ${at}` : ""); }

  /** The days as a calendar: gone, today, ahead; a dot where something begins. */
  #days(items, on, today) {
    if (today >= on) return null;
    const begins = new Set(items.map((item) => item.opens_on));
    const first = [...begins].filter((day) => day && day < on).sort()[0] ?? today;
    const from = [first < today ? first : today, addDays(today, -7), addDays(on, -34)].sort()[2];
    const skip = (new Date(toTime(from)).getUTCDay() + 6) % 7;
    const name = new Intl.DateTimeFormat(this.#spoken, { weekday: "narrow", timeZone: "UTC" });
    return h("div", { part: "days", "aria-hidden": "true" },
      Array.from({ length: 7 }, (_, n) => h("b", {}, name.format(toTime(addDays("2024-01-01", n))))), Array.from({ length: skip }, () => h("b")),
      Array.from({ length: between(from, on) + 1 }, (_, n) => {
        const day = addDays(from, n);
        return h("i", { class: `${day < today ? "done" : day === on ? "goal" : day === today ? "today" : ""}${begins.has(day) ? " has" : ""}` }, Number(day.slice(8)));
      }));
  }

  #standing(standing, procedure, ended) {
    const mine = standing.reasons.filter((one) => one.who === "patient"), told = mine.filter((one) => one.state !== "unknown");
    const theirs = standing.reasons.length - mine.length;
    const better = this.#data.earliest_safe_on;
    return h("div", { part: `standing ${standing.level}` }, h("p", {}, h("strong", {}, this.#w(`standing.${standing.level}`))),
      !ended && [told.length > 0 && h("ul", {}, told.map((one) => h("li", { dir: "auto" }, one.text))),
        mine.length > told.length && h("p", {}, this.#n("asks", mine.length - told.length)),
        theirs > 0 && h("p", { part: "soft" }, this.#n("clinic_does", theirs)),
        standing.level === "blocked" && better > procedure.on && h("p", {}, this.#w("earliest", { on: this.#day(better) }))]);
  }

  #item(item, today, full) {
    const text = item.detail && h("p", { lang: item.language, dir: "auto" }, item.detail);
    const times = item.times?.length && ` · ${item.times.map((one) => this.#words[`portal.part.${one}`] ?? one).join(", ")}`;
    return h("li", { id: `item-${item.step}`, tabindex: -1, part: "item", "data-step": item.step },
      h("h3", { id: `t-${item.step}`, lang: item.language, dir: "auto" }, item.title),
      h("p", { part: `state${BAD.has(item.now) && item.own ? " bad" : ""}` }, this.#state(item, today), times),
      item.kept && h("p", { part: "good" }, this.#w("kept_today")),
      full && text, item.again && h("p", { lang: item.language, dir: "auto" }, item.again),
      this.#strip(item, today), this.#act(item, today),
      h("details", { id: `why-${item.step}` }, h("summary", {}, this.#w(full || !text ? "why" : "more")), !full && text, h("p", {}, item.why), item.because.map((one) => h("p", { part: "soft", dir: "auto" }, one))));
  }

  #state(item, today) {
    const state = this.#w(`state.${item.now}`);
    if (item.now === "upcoming") return item.opens_on ? this.#w("from", { on: this.#day(item.opens_on), days: this.#n("days", between(today, item.opens_on)) }) : state;
    if (item.now === "short" && item.days_short) return this.#n("short_by", item.days_short);
    if (!item.own && OPEN.has(item.now) && item.now !== "closed" && item.kind !== "avoid" && item.ask !== "no_more_products") return this.#w("theirs");
    const [day, key] = item.now === "open" ? [item.closes_on, "until_day"] : ["unknown", "late"].includes(item.now) ? [item.act_by, "by"] : [];
    return day > today || key === "by" && day ? `${state} · ${this.#w(key, { on: this.#day(day) })}` : state;
  }

  #strip(item, today) {
    if (!item.opens_on || !item.closes_on || !["avoid", "daily"].includes(item.kind) || !["open", "short"].includes(item.now)) return null;
    const length = between(item.opens_on, item.closes_on) + 1;
    if (length < 2 || length > 120 || item.closes_on < today) return null;
    const kept = new Set(item.marks.filter((mark) => mark.kind === "kept").map((mark) => mark.on));
    return h("div", { part: "strip", "aria-hidden": "true" }, Array.from({ length }, (_, n) => {
      const day = addDays(item.opens_on, n);
      const tint = item.kind === "daily" ? kept.has(day) && "done" : day < today && (item.now === "short" ? "bad" : "done");
      return h("i", { class: `${tint || ""}${day === today ? " today" : ""}` });
    }));
  }

  #button(id, text, click, quiet = false, step = null) {
    return h("button", { type: "button", id, part: quiet ? "button quiet" : "button", "aria-describedby": step && `t-${step}`, onclick: click }, text);
  }
  #undo(entry, step) { return this.#say("POST", `entries/${entry}/withdrawal`, {}, this.#w("undone"), { step, undoes: true }); }

  #act(item, today) {
    const { step, ask, own } = item;
    const button = (name, key, click, quiet) => this.#button(`${name}-${step}`, this.#w(key), click, quiet, step);
    if (item.sending.length) {
      return h("div", { part: "row actions" }, h("p", { part: "soft" }, this.#w("waiting")),
        button("drop", "undo", () => { for (const one of item.sending) this.#drop(one.key); this.#note = null; this.#waited = false; this.#draw(); }, true));
    }
    const mark = (kind, on, done = "thanks") => this.#say("POST", "marks", { step, kind, on }, this.#w(done), { step });
    const buttons = [];
    if (ask === "since") {
      const field = h("input", { type: "date", id: `since-${step}`, name: "since", max: today });
      buttons.push(h("label", {}, this.#w("since"), field),
        button("go", "since_go", () => (field.value ? mark("since", field.value) : this.#missing(field))),
        button("never", "never", () => mark("since", null), true));
    } else if (ask === "gate" && own) {
      for (const word of ["yes", "no"]) buttons.push(button(word, word, () => ((word === "yes") === item.asks.safe ? mark("safe", today) : mark("unsafe", today, "unsafe")), true));
    } else if (ask === "understood") buttons.push(button("ok", "understood", () => mark("understood", today)));
    else if ((ask === "done" || ask === "kept") && own) buttons.push(button(ask, ask, () => mark(ask, today)));
    const last = item.marks.at(-1);
    if (last?.own && !["over", "waived"].includes(item.now) && ask !== "since" && (own || item.kind === "avoid")) buttons.push(button("undo", last.kind === "since" ? "change" : "undo", () => this.#undo(last.entry, step), true));
    if (this.#asked.some((one) => one.kind === "no_more_products" && one.id === step)) buttons.push(this.#products(step, button));
    const said = item.asks?.text && ask && buttons.length > 0 && ask !== "done" && ask !== "kept";
    return [said && h("p", {}, h("strong", {}, item.asks.text)), buttons.length > 0 && h("div", { part: "row actions" }, buttons)];
  }

  #products(step, button) {
    const text = h("input", { id: `product-${step}`, name: "product", maxlength: 200, autocomplete: "off" });
    const kind = h("select", { id: `kind-${step}`, name: "kind" }, ["medicine", "skincare"].map((one) => h("option", { value: one }, this.#w(`product_${one}`))));
    const add = () => {
      const named = text.value.trim();
      if (!named) { this.#missing(text); return; }
      const body = { text: named, kind: kind.value };
      [text.value, kind.selectedIndex] = ["", 0];
      this.#say("POST", "products", body, this.#w("product_added", { text: named }), { step });
    };
    const none = this.#asked.some((one) => one.kind === "no_more_products" && !one.answered);
    return [h("label", {}, this.#w("product"), text), h("label", { class: "wide" }, this.#w("product_kind"), kind), button("add", "product_add", add, true),
      none && button("none", "no_more", () => this.#say("POST", "marks", { kind: "no_more_products" }, this.#w("thanks"), { step }))];
  }
  #missing(field) {
    const id = `${field.id}-fault`;
    if (!this.#root.getElementById(id)) field.after(h("span", { id, part: "fault" }, this.#w("fill_in")));
    field.setAttribute("aria-invalid", "true");
    field.setAttribute("aria-describedby", id);
    field.focus();
  }

  #fact(one) {
    const id = `fact-${one.id}`;
    const save = (value) => this.#say("PUT", "answers", { [one.id]: value }, this.#w("thanks"));
    const name = (value) => this.#words[`portal.option.${value}`] ?? value;
    if (one.type === "yes-no" || one.type === "one-of") {
      const options = one.type === "yes-no" ? [[true, this.#w("yes")], [false, this.#w("no")]] : one.options.map((value) => [value, name(value)]);
      return h("fieldset", { part: "box question" }, h("legend", { dir: "auto" }, one.text), h("div", { part: "row actions" },
        options.map(([value, text], n) => h("button", { type: "button", id: `${id}-${n}`, part: "button", "aria-pressed": String(one.answered && one.value === value), onclick: () => save(value) }, text))));
    }
    if (one.type === "many-of") {
      const boxes = one.options.map((value, n) => [value, h("input", { type: "checkbox", id: `${id}-${n}`, name: one.id, checked: one.value?.includes(value) })]);
      return h("fieldset", { part: "box question" }, h("legend", { dir: "auto" }, one.text), h("div", {}, boxes.map(([value, box]) => h("label", { class: "choice" }, box, name(value)))),
        this.#button(`${id}-go`, this.#w("save"), () => save(boxes.filter(([, box]) => box.checked).map(([value]) => value))));
    }
    const number = one.type === "number";
    const field = h("input", { id, name: one.id, type: number ? "number" : one.type === "date" ? "date" : "text", step: number && 1, maxlength: 1000, value: one.value });
    return h("div", { part: "box question" }, h("div", { part: "row" }, h("label", { dir: "auto" }, one.text, field),
      this.#button(`${id}-go`, this.#w("save"), () => (field.value === "" ? this.#missing(field) : save(number ? Number(field.value) : field.value)))));
  }

  #sun(today) {
    const contacts = this.#w("contacts").split(" ");
    const what = h("select", { id: "sun-what", name: "to" }, contacts.map((one) => h("option", { value: one }, this.#w(`contact.${one}`))));
    const day = h("input", { id: "sun-day", name: "on", type: "date", max: today, value: today });
    const burn = h("input", { id: "sun-burn", name: "burn", type: "checkbox" });
    const box = h("details", { id: "sun", part: "box sun" }, h("summary", {}, this.#w("sun")), h("p", {}, this.#w("sun_hint")),
      h("div", { part: "row" }, h("label", {}, this.#w("sun_what"), what), h("label", {}, this.#w("sun_day"), day)), h("label", { class: "choice" }, burn, this.#w("sun_burn")),
      this.#button("sun-go", this.#w("sun_go"), () => {
        if (!day.value) { this.#missing(day); return; }
        const body = { to: what.value, on: day.value, kind: burn.checked && what.value === "sun" ? "sunburn" : undefined };
        [what.selectedIndex, day.value, burn.checked, box.open] = [0, today, false, false];
        this.#say("POST", "exposures", body, this.#w("sun_thanks"));
      }));
    return box;
  }

  #may() {
    const text = h("textarea", { id: "may-text", name: "text", rows: 2, maxlength: 5000 });
    const ask = async () => {
      if (!text.value.trim()) { this.#missing(text); return; }
      try {
        this.#scan = await (await this.#send("POST", this.#at(`/${this.#id}/scan`), { text: text.value })).json();
      } catch (error) {
        if (error.status === 401) { this.#fail(error); return; }
        this.#scan = { text: this.#w(error.status === undefined ? "may_offline" : "problem"), concerns: [] };
      }
      this.#draw();
      this.#announce(this.#scan.text);
    };
    const scan = this.#scan;
    return h("details", { id: "may", part: "box may" }, h("summary", {}, this.#w("may")), h("p", {}, this.#w("may_hint")),
      h("label", {}, this.#w("may_label"), text), h("div", { part: "row" }, this.#button("may-go", this.#w("may_go"), ask)),
      scan && h("div", { part: "notice" }, h("p", {}, h("strong", {}, scan.text)), h("ul", {}, scan.concerns.map((one) => h("li", { dir: "auto" }, one.text, " ", h("span", { part: "soft" }, `(${one.words.join(", ")})`))))));
  }

  #clinic(today) {
    const clinic = this.#mine?.clinic;
    if (!clinic) return null;
    const { phone, email, address } = clinic.contact;
    return h("footer", { part: "clinic" }, h("h2", {}, this.#w("clinic")), h("p", {}, h("bdi", {}, clinic.name)),
      phone && h("p", {}, h("a", { href: `tel:${phone.replace(/[^+\d]/g, "")}` }, h("bdi", { dir: "ltr" }, phone))),
      email && h("p", {}, h("a", { href: `mailto:${email}` }, h("bdi", { dir: "ltr" }, email))), address && h("p", {}, h("bdi", {}, address)),
      h("p", { part: "soft" }, this.#w("version", { protocol: this.#data.procedure.protocol, on: this.#day(today, true) })));
  }

  /** One sheet of paper: every step with its days and a box to tick. */
  #paper(items, procedure, today) {
    const rows = [...items].filter((item) => item.opens_on || item.due_on).sort((one, other) => ((one.opens_on ?? one.due_on) < (other.opens_on ?? other.due_on) ? -1 : 1));
    const brief = new Intl.DateTimeFormat(this.#spoken, { weekday: "short", day: "numeric", month: "short", timeZone: "UTC", numberingSystem: "latn" });
    const days = (item) => [item.kind === "do" ? null : item.opens_on, item.kind === "do" ? item.due_on : item.closes_on]
      .filter((day, n, both) => day && day !== both[n - 1]).map((day) => brief.format(toTime(day))).join(" – ");
    return h("section", { part: "paper", class: `paper ${rows.length > 20 ? "tight" : rows.length > 10 ? "" : "roomy"}` }, h("h2", {}, this.#when(procedure)),
      h("ol", {}, rows.map((item) => h("li", {}, h("i", {}, DONE.has(item.now) ? "✓" : ""), h("bdi", {}, item.title), h("span", {}, days(item)), rows.length < 11 && item.kind === "note" && h("p", {}, item.detail)))), this.#clinic(today));
  }
}

if (!customElements.get("prep-checklist")) customElements.define("prep-checklist", PrepChecklist);
export { PrepChecklist };
