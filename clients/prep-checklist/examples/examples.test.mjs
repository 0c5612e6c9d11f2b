// Each example, in a real browser, against a real service: PREP_URL, PREP_KEY and PREP_PROCEDURE say which, PORT must be
// named in the service's PREP_ORIGINS, and PREP_TEST_CHROMIUM is the browser.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const HERE = fileURLToPath(new URL(".", import.meta.url));
let portal, browser, address;

before(async () => {
  portal = spawn(process.execPath, [join(HERE, "portal.mjs")], { stdio: ["ignore", "pipe", "inherit"] });
  [address] = await once(portal.stdout.setEncoding("utf8"), "data");
  browser = await chromium.launch({ executablePath: process.env.PREP_TEST_CHROMIUM, args: ["--no-sandbox"] });
});
after(async () => {
  await browser?.close();
  portal?.kill();
});

for (const name of ["plain", "react", "vue"]) {
  test(`${name}.html shows the checklist, and what is said there arrives`, async () => {
    const page = await browser.newPage();
    const faults = [];
    page.on("pageerror", (fault) => faults.push(fault.message));
    await page.goto(new URL(`${name}.html`, address.trim()).href);
    const list = page.locator("prep-checklist");
    await list.locator("[part~=countdown]").waitFor({ timeout: 30_000 });
    assert.match(await page.locator("#days").textContent(), /^-?\d+ days to go$/);

    const said = list.evaluate((one) => new Promise((done) => {
      one.addEventListener("prep-change", ({ detail }) => done(detail.said), { once: true });
    }));
    await list.locator("#sun summary").click();
    await list.locator("#sun-go").click();
    assert.equal((await said).to, "sun");
    assert.deepEqual(faults, []);
    await page.close();
  });
}

test("a token that is refused is asked for again, with expired", async () => {
  const page = await browser.newPage();
  let asked = 0;
  await page.route("**/prep-session", (route) => {
    asked += 1;
    return asked === 1 ? route.fulfill({ json: { access_token: "ps_ended" } }) : route.continue();
  });
  await page.goto(address.trim());
  await page.locator("prep-checklist [part~=countdown]").waitFor({ timeout: 30_000 });
  assert.ok(asked >= 2);
  await page.close();
});
