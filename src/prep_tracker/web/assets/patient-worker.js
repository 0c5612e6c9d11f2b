/* Keeps the page's own files, so that it opens without a network. Never an answer of the API: what a list says is kept by
   the element alone, and forgotten with it. KEPT and EDITION are written in front of this file. */

const CACHE = `prep-page-${EDITION}`;

addEventListener("install", (event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(KEPT.map((one) => new Request(one, { cache: "no-cache" })))).then(() => skipWaiting()));
});
addEventListener("activate", (event) => {
  const old = (names) => Promise.all(names.filter((one) => one.startsWith("prep-page-") && one !== CACHE).map((one) => caches.delete(one)));
  event.waitUntil(caches.keys().then(old).then(() => clients.claim()));
});

/* What the network gives is newest; where it does not answer, what was kept will do. */
async function newest(request, name) {
  try {
    const answer = await fetch(request, { signal: AbortSignal.timeout?.(5_000) });
    if (answer.ok) return answer;
  } catch { /* no network, or one that only seems to be there */ }
  return (await caches.match(name)) ?? Response.error();
}
addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== location.origin) return;
  const name = url.pathname + url.search;
  if (url.pathname.startsWith("/assets/") && KEPT.includes(name)) event.respondWith(caches.match(name).then((found) => found ?? fetch(request)));
  else if (request.mode === "navigate" && url.pathname === "/p/") event.respondWith(newest(request, "/p/"));
  else if (KEPT.includes(name)) event.respondWith(newest(request, name));
});
