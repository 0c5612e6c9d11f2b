/* The page of patients. A link's token comes in the fragment and is sent only when a person presses the button: mail
   scanners open links too. The session's token stays on this device, in this origin's storage, until somebody signs out. */

const SESSION = "prep-tracker:session";
const LANGUAGE = "prep-tracker:language";
const KNOCK = "prep-tracker:knock";
const PAUSES = [1_000, 4_000, 10_000];
const PATIENCE = 12_000;
const PAGES = ["open", "none", "refused", "left", "list"];
const $ = (id) => document.getElementById(id);
const list = document.querySelector("prep-checklist");
const calendar = document.querySelector("prep-calendar");
let link = null;
let words = null;
let told = "";

const kept = (key) => { try { return localStorage.getItem(key); } catch { return null; } };
const keep = (key, value) => { try { value === null ? localStorage.removeItem(key) : localStorage.setItem(key, value); } catch { /* it works without, until the page is closed */ } };
const keys = () => { try { return Object.keys(localStorage).filter((key) => key.startsWith("prep-tracker:")); } catch { return []; } };
let held = null;
const session = () => {
  try { held = JSON.parse(kept(SESSION)) ?? held; } catch { held = null; }
  return held && Date.parse(held.expires_at) > Date.now() - 86_400_000 ? held : null;   // the service is the judge; this clock may be wrong
};

/** Take the token out of the address bar at once, before anybody can see, share or bookmark it. */
function takeLink() {
  const given = new URLSearchParams(location.hash.slice(1)).get("token");
  if (location.hash) history.replaceState(null, "", location.pathname + location.search);
  return given;
}

function show(name, text = "") {
  for (const page of PAGES) $(page).hidden = page !== name;
  $("sure").hidden = true;
  $("out").setAttribute("aria-expanded", "false");
  tell(text);
  calendar.accessToken = name === "list" ? session().access_token : null;
  if (name === "list") list.accessToken = session().access_token;
  else $(name).querySelector("h2").focus();
}

/** Say one of the texts at the top of the page; "" takes it away. */
function tell(key) {
  told = key;
  $("notice").textContent = (key && words?.[`portal.${key}`]) || "";
}

function begin() {
  link = takeLink() ?? link;
  const known = session();
  if (link && known?.link !== link.slice(0, 12)) show("open");
  else show(known ? "list" : "none");
}

/** Give the key under which this link is opened: another try with it is given the same answer. */
function knock() {
  let known = null;
  try { known = JSON.parse(kept(KNOCK)); } catch { /* written by nobody we know */ }
  if (known?.link === link.slice(0, 12)) return known.key;
  const key = Array.from(crypto.getRandomValues(new Uint8Array(16)), (one) => one.toString(16).padStart(2, "0")).join("");
  keep(KNOCK, JSON.stringify({ link: link.slice(0, 12), key }));
  return key;
}

/** Ask until there is an answer: in a lift it may be lost on its way, and then the link is spent. */
async function ask(body) {
  const headers = { "Content-Type": "application/json", "Idempotency-Key": knock() };
  for (let n = 0; ; n += 1) {
    try {
      const answer = await fetch("/v1/portal/sessions", {
        method: "POST", cache: "no-store", credentials: "omit", headers, body, signal: AbortSignal.timeout?.(PATIENCE),
      });
      const said = await answer.json().catch((error) => { if (answer.ok) throw error; return {}; });
      if (answer.status < 502 || n === PAUSES.length) return { status: answer.status, said };
    } catch (error) { if (n === PAUSES.length) throw error; }
    tell("page.trying");
    await new Promise((done) => setTimeout(done, PAUSES[n]));
  }
}

async function comeIn() {
  const field = $("birth-date");
  const asked = !$("birth").hidden;
  field.removeAttribute("aria-invalid");
  if (asked && !field.value) { field.setAttribute("aria-invalid", "true"); field.focus(); tell("page.birth.needed"); return; }
  $("open").setAttribute("aria-busy", "true");
  tell("");
  try {
    const { status, said } = await ask(JSON.stringify({ token: link, ...(asked ? { birth_date: field.value } : {}) }));
    const wrong = said.errors?.[0]?.code;
    tell("");
    if (status === 201) {
      held = { access_token: said.access_token, expires_at: said.expires_at, link: link.slice(0, 12) };
      list.forget();
      keep(SESSION, JSON.stringify(held));
      keep(KNOCK, null);
      link = null;
      field.value = "";
      show("list");
    } else if (wrong === "birth-date-needed" || wrong === "birth-date-wrong") {
      $("birth").hidden = false;
      if (wrong === "birth-date-wrong") { field.setAttribute("aria-invalid", "true"); tell("page.birth.wrong"); }
      field.focus();
    } else if (status === 401 || status === 422) {
      keep(KNOCK, null);
      link = null;
      $("back").hidden = !session();
      show("refused");
    } else tell(status === 429 ? "page.wait" : "problem_empty");
  } catch { tell("page.no_connection"); }
  finally { $("open").removeAttribute("aria-busy"); }
}

/** Forget everything: the session, the list, what was not sent, here and in this origin's other tabs. */
function forget() {
  held = null;
  list.forget();
  list.accessToken = null;
  for (const key of keys()) if (key !== LANGUAGE) keep(key, null);
}

async function signOut() {
  const token = session()?.access_token;
  forget();
  show("left");
  if (token) await fetch("/v1/portal/sessions", { method: "DELETE", credentials: "omit", keepalive: true, headers: { Authorization: `Bearer ${token}` } }).catch(() => null);
}

/** Say the whole page in another language, without asking for it anew: a link in hand is not lost. */
async function speak(language) {
  let found;
  try { found = await (await fetch(`/embed/words/${language}.json`)).json(); } catch { return; }
  words = found;
  document.documentElement.lang = words.language;
  document.documentElement.dir = words.direction;
  document.title = words["portal.page.title"];
  for (const one of document.querySelectorAll("[data-say]")) one.textContent = words[`portal.${one.dataset.say}`];
  for (const one of document.querySelectorAll("[data-label]")) one.setAttribute("aria-label", words[`portal.${one.dataset.label}`]);
  for (const one of document.querySelectorAll("[data-language]")) one.setAttribute("aria-pressed", String(one.dataset.language === words.language));
  list.lang = calendar.lang = words.language;
  tell(told);
}

$("come-in").addEventListener("submit", (event) => {
  event.preventDefault();
  if (!$("open").hasAttribute("aria-busy")) comeIn();
});
$("back").addEventListener("click", () => show("list"));
$("print").addEventListener("click", () => print());
$("out").addEventListener("click", () => {
  $("sure").hidden = !$("sure").hidden;
  $("out").setAttribute("aria-expanded", String(!$("sure").hidden));
  $("unsent").hidden = !keys().some((key) => key.endsWith(":queue"));
  if (!$("sure").hidden) $("sure-text").focus();
});
$("out-no").addEventListener("click", () => { $("sure").hidden = true; $("out").setAttribute("aria-expanded", "false"); $("out").focus(); });
$("out-yes").addEventListener("click", signOut);
for (const one of document.querySelectorAll("[data-language]")) {
  one.addEventListener("click", () => { keep(LANGUAGE, one.dataset.language); speak(one.dataset.language); });
}
list.addEventListener("prep-error", (event) => {
  if ([401, 404].includes(event.detail.status)) calendar.hidden = true;
  if (event.detail.status === 401) { held = null; keep(SESSION, null); $("out").hidden = true; }
});
calendar.addEventListener("prep-error", (event) => { if (event.detail.status === 401) list.refresh(); });
list.addEventListener("prep-load", () => { $("out").hidden = calendar.hidden = false; });
addEventListener("hashchange", begin);
addEventListener("storage", (event) => {
  if (event.key === LANGUAGE && event.newValue) speak(event.newValue);
  if (event.key !== SESSION) return;
  held = null;
  if (event.newValue) begin();
  else { list.forget(); list.accessToken = null; show("left"); }
});

$("address").textContent = `${location.origin}/p/`;
begin();
speak(kept(LANGUAGE) ?? document.documentElement.lang);
navigator.serviceWorker?.register("/p/sw.js", { scope: "/p/" }).catch(() => null);
