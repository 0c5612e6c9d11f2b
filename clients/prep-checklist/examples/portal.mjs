// A patient portal's backend, as small as it can be: it serves the pages beside it, and mints a session for whoever is
// signed in. Here everybody is the patient of PREP_PROCEDURE; a real portal asks its own session who is there.
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const { PREP_URL = "http://127.0.0.1:8321", PREP_KEY, PREP_PROCEDURE, PORT = "5173" } = process.env;
if (!PREP_KEY || !PREP_PROCEDURE) throw new Error("Set PREP_KEY (an integration key) and PREP_PROCEDURE (an id).");

const FILES = {
  "/": "plain.html",
  "/plain.html": "plain.html",
  "/react.html": "react.html",
  "/react.js": "dist/react.js",
  "/vue.html": "vue.html",
  "/vue.js": "node_modules/vue/dist/vue.esm-browser.prod.js",
};
const KINDS = { ".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8" };

async function mint() {
  const answer = await fetch(`${PREP_URL}/v1/portal/sessions`, {
    method: "POST",
    headers: { Authorization: `Bearer ${PREP_KEY}`, "Content-Type": "application/json" },
    body: JSON.stringify({ procedure_id: PREP_PROCEDURE }),
  });
  return { status: answer.status, session: answer.ok ? await answer.json() : {} };
}

createServer(async (request, response) => {
  const { pathname } = new URL(request.url, "http://portal");
  try {
    if (request.method === "POST" && pathname === "/prep-session") {
      const { status, session } = await mint();
      response.writeHead(status, { "Content-Type": "application/json", "Cache-Control": "no-store" });
      response.end(JSON.stringify({ access_token: session.access_token }));
      return;
    }
    const name = FILES[pathname];
    if (!name) throw new Error("no such page");
    let body = await readFile(join(HERE, name), "utf8");
    if (name.endsWith(".html")) body = body.replaceAll("http://127.0.0.1:8321", PREP_URL);
    response.writeHead(200, { "Content-Type": KINDS[extname(name)] });
    response.end(body);
  } catch {
    response.writeHead(404).end();
  }
}).listen(Number(PORT), "127.0.0.1", function () {
  console.log(`http://127.0.0.1:${this.address().port}/`);
});
