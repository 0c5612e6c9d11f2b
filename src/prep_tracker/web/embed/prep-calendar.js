/* <prep-calendar>: a patient's days in their own calendar, from the prep-tracker portal API. The address that it makes
   is a secret: it is shown here, once, and kept nowhere. */

const h = (tag, props = {}, ...children) => {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === false || value == null) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children);
  return node;
};

/* The same properties and the same colours as <prep-checklist>. */
const TONES = [["ink", "1d2327", "e9e7e2"], ["soft", "555f66", "aeb6bb"], ["card", "fff", "1c2226"], ["line", "d9d6d0", "384147"],
  ["accent", "0b5c63", "7fd0d6"], ["on-accent", "fff", "08282b"], ["focus", "b4530a", "ffb866"]];
const tones = (mixed) => TONES.map(([name, light, dark]) => `--_${name}:var(--prep-${name},${mixed(`#${light}`, `#${dark}`)})`).join(";");
const STYLE = `
:host{${tones((light) => light)};display:block;overflow-wrap:anywhere;color:var(--_ink);font:1rem/1.5 var(--prep-font,system-ui,sans-serif)}
@supports(color:light-dark(#000,#fff)){:host{${tones((light, dark) => `light-dark(${light},${dark})`)}}}
:host([hidden]),[hidden]{display:none!important}*{box-sizing:border-box}
details{background:var(--_card);border:1px solid var(--_line);border-radius:var(--prep-radius,.75rem);padding:.375rem 1rem;margin:.625rem 0}
summary{cursor:pointer;min-height:2.75rem;padding-block:.625rem;font-weight:600;color:var(--_accent)}
p{margin:0 0 .625rem}.soft{color:var(--_soft)}p:focus{outline:none}
.row{display:flex;flex-wrap:wrap;gap:.625rem;margin-block-end:1rem}
button,input,.open{font:inherit;min-height:2.75rem;border-radius:.5rem}
button,.open{padding:.5rem 1.125rem;border:1px solid var(--_accent);background:none;color:var(--_accent);font-weight:600;cursor:pointer;text-decoration:none;text-align:center}
.main{background:var(--_accent);color:var(--_on-accent)}[aria-busy=true] button{opacity:.6}
label{display:block;font-weight:600;margin-block-end:.625rem}
input{display:block;width:100%;font-weight:400;color:inherit;padding:.5rem .75rem;border:1px solid var(--_soft);background:var(--_card)}
[role=status]:empty{margin:0}[role=status]{font-weight:600}
hr{border:0;border-block-start:1px solid var(--_line);margin:.25rem 0 1rem}
:focus-visible{outline:3px solid var(--_focus);outline-offset:2px}
@media print{:host{display:none}}
`;

class PrepCalendar extends HTMLElement {
  static observedAttributes = ["base-url", "procedure", "lang"];
  #root = this.attachShadow({ mode: "open" });
  #token = null;
  #words = null;
  #url = null;
  #own = null;  // the procedure of the session
  #parts = {};
  #busy = false;
  #told = "";

  constructor() {
    super();
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE);
    this.#root.adoptedStyleSheets = [sheet];
  }

  /** The session's token, or a function that gives one: asked again when it has ended. null: signed out. */
  get accessToken() { return this.#token; }
  set accessToken(value) {
    if (value === this.#token) return;
    [this.#token, this.#url, this.#own, this.#told] = [value, null, null, ""];
    this.#begin();
  }

  connectedCallback() {
    if (Object.hasOwn(this, "accessToken")) {   // set before this script had come
      const value = this.accessToken;
      delete this.accessToken;
      this.accessToken = value;
    }
    this.#begin();
  }
  attributeChangedCallback(name, before, after) {
    if (before === after) return;
    if (name !== "lang") [this.#url, this.#own, this.#told] = [null, null, ""];
    if (name !== "procedure") this.#words = null;
    this.#begin();
  }

  get #base() { return (this.getAttribute("base-url") ?? "").replace(/\/$/, ""); }
  get #lang() { return this.getAttribute("lang") || document.documentElement.lang || navigator.language || "en"; }
  #w(key) { return this.#words?.[`portal.${key}`] ?? ""; }

  /** Learn the words, and show the box; nothing is shown to whoever is signed out. */
  async #begin() {
    if (!this.isConnected) return;
    if (!this.#token) { this.#root.replaceChildren(); return; }
    const wanted = this.#lang;
    if (!this.#words) {
      const found = await fetch(`${this.#base}/embed/words/${encodeURIComponent(wanted)}.json`).then((answer) => (answer.ok ? answer.json() : null)).catch(() => null);
      if (!found || wanted !== this.#lang || !this.#token) return;
      this.#words = found;
    }
    this.#draw();
  }

  async #send(method, path, again = true) {
    const token = typeof this.#token === "function" ? await this.#token({ expired: !again }) : this.#token;
    const answer = await fetch(this.#base + path, {
      method, cache: "no-store", credentials: "omit", signal: AbortSignal.timeout?.(20_000), headers: { Authorization: `Bearer ${token}` },
    });
    if (answer.status === 401 && again && typeof this.#token === "function") return this.#send(method, path, false);
    if (answer.ok) return answer;
    throw Object.assign(new Error(answer.statusText), { status: answer.status, problem: await answer.json().catch(() => null) });
  }
  async #ask(method, what) {
    const all = "/v1/portal/procedures";
    const id = this.getAttribute("procedure") || (this.#own ??= (await (await this.#send("GET", all)).json()).items[0].id);
    return this.#send(method, `${all}/${encodeURIComponent(id)}/calendar${what}?lang=${encodeURIComponent(this.#lang)}`);
  }

  /** Do one thing at a time; what goes wrong is said in a sentence. */
  async #try(work) {
    if (this.#busy) return;
    const token = this.#token;
    this.#busy = true;
    this.#told = "";
    this.#show();
    try {
      await work(() => token === this.#token);
    } catch (error) {
      const { status, problem = null } = error;
      this.#told = { undefined: "page.no_connection", 401: "ended", 404: "gone", 429: "page.wait" }[status] ?? "problem_empty";
      this.dispatchEvent(new CustomEvent("prep-error", { bubbles: true, detail: { status: status ?? 0, problem } }));
    } finally {
      this.#busy = false;
      this.#show();
    }
  }
  #make() {
    return this.#try(async (isStill) => {
      const { url } = await (await this.#ask("POST", "")).json();
      if (!isStill()) return;
      this.#url = url;
      this.#show();
      this.#parts.once.focus();
    });
  }
  #end() {
    return this.#try(async () => {
      await this.#ask("DELETE", "");
      this.#url = null;
      this.#told = "calendar.ended";
      this.#sure(false);
    });
  }
  #save() {
    return this.#try(async () => {
      const url = URL.createObjectURL(await (await this.#ask("GET", ".ics")).blob());
      const link = h("a", { href: url, download: "preparation.ics", hidden: true });
      this.#root.append(link);
      link.click();
      link.remove();
      setTimeout(() => URL.revokeObjectURL(url), 60_000);
      this.#told = "calendar.saved";
    });
  }
  async #copy() {
    this.#parts.url.select();
    try {
      await navigator.clipboard.writeText(this.#url);
      this.#told = "calendar.copied";
    } catch { this.#told = "calendar.copy_self"; }   // forbidden, or not over https: it is selected
    this.#show();
  }
  #sure(is) {
    this.#parts.sure.hidden = !is;
    this.#parts.end.setAttribute("aria-expanded", String(is));
    (is ? this.#parts.hint : this.#parts.end).focus();
  }

  #draw() {
    const was = { open: this.#parts.box?.open, sure: this.#parts.sure?.hidden === false };
    const p = (key, props = {}) => h("p", props, this.#w(`calendar.${key}`));
    const button = (id, click, more = {}) => h("button", { type: "button", id: `calendar-${id}`, part: "button", onclick: click, ...more }, this.#w(`calendar.${id}`));
    const parts = this.#parts = {
      make: button("make", () => this.#make(), { class: "main" }),
      once: p("once", { tabindex: -1 }),
      open: h("a", { id: "calendar-open", class: "open main", part: "button" }, this.#w("calendar.open")),
      url: h("input", { id: "calendar-url", readonly: true, dir: "ltr", autocomplete: "off", onfocus: (event) => event.target.select() }),
      end: button("end", () => this.#sure(this.#parts.sure.hidden), { "aria-expanded": "false", "aria-controls": "calendar-sure" }),
      hint: p("end_hint", { tabindex: -1 }),
      status: h("p", { role: "status", part: "status" }),
    };
    parts.made = h("div", {}, parts.once, h("div", { class: "row" }, parts.open, button("copy", () => this.#copy())), h("label", {}, this.#w("calendar.address"), parts.url));
    parts.sure = h("div", { id: "calendar-sure", hidden: !was.sure }, parts.hint, h("div", { class: "row" }, button("yes", () => this.#end(), { class: "main" }), button("no", () => this.#sure(false))));
    parts.box = h("details", { id: "calendar", part: "box", open: was.open }, h("summary", {}, this.#w("calendar")),
      p("hint"), p("neutral", { class: "soft" }), p("secret", { class: "soft" }), h("div", { class: "row" }, parts.make), parts.made, parts.status,
      h("hr"), p("file_hint", { class: "soft" }), h("div", { class: "row" }, button("file", () => this.#save()), parts.end), parts.sure);
    parts.box.lang = this.#words.language;
    parts.box.dir = this.#words.direction;
    parts.end.setAttribute("aria-expanded", String(was.sure));
    this.#root.replaceChildren(parts.box);
    this.#show();
  }

  #show() {
    const { box, make, made, open, url, status } = this.#parts;
    if (!box) return;
    box.setAttribute("aria-busy", String(this.#busy));
    make.parentElement.hidden = this.#url !== null;
    made.hidden = this.#url === null;
    url.value = this.#url ?? "";
    if (this.#url) open.href = this.#url.replace(/^https?:/, "webcal:");
    else open.removeAttribute("href");
    status.textContent = this.#told && this.#w(this.#told);
  }
}

if (!customElements.get("prep-calendar")) customElements.define("prep-calendar", PrepCalendar);
export { PrepCalendar };
