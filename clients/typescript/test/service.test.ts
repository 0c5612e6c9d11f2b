import assert from "node:assert/strict";
import { test } from "node:test";
import ICAL from "ical.js";
import { createClient, PrepError } from "../src/index.js";

const baseUrl = process.env.PREP_URL ?? "";
const keys = JSON.parse(process.env.PREP_KEYS ?? "{}") as Record<string, string>;
const staff = createClient({ baseUrl, token: () => keys.coordinator ?? "" });

const day = (ahead: number) => new Date(Date.now() + ahead * 86_400_000).toISOString().slice(0, 10);
const book = async (reference: string, at = "10:30") => {
  const { data } = await staff.POST("/v1/procedures", {
    body: { patient: { reference, name: "Tess Script", language: "en" }, protocol: "laser-resurfacing", on: day(30), at },
  });
  assert.ok(data);
  return data;
};

test("a procedure is booked, and its checklist is typed", async () => {
  const made = await book("ts-1");
  const { data } = await staff.GET("/v1/procedures/{procedure_id}/checklist", { params: { path: { procedure_id: made.id } } });
  assert.ok(data);
  const sun = data.items.find((item) => item.step === "no-sun");
  assert.equal(sun?.kind, "avoid");
  assert.equal(data.procedure.on, day(30));
});

test("an error brings the problem along, with every wrong field", async () => {
  await assert.rejects(
    staff.POST("/v1/procedures", { body: { patient: { reference: "ts-2", name: "T", language: "en" }, protocol: "nothing", on: "2026-02-30" } }),
    (error: unknown) => {
      assert.ok(error instanceof PrepError);
      assert.equal(error.status, 422);
      assert.equal(error.slug, "invalid");
      assert.ok(error.problem?.errors?.some((one) => one.pointer === "/on"));
      return true;
    },
  );
});

test("a wrong key is told apart", async () => {
  const stranger = createClient({ baseUrl, token: "prep_live_nobody" });
  await assert.rejects(stranger.GET("/v1/clinic"), (error: unknown) => error instanceof PrepError && error.slug === "unauthenticated");
});

test("a lost answer is repeated with the same key, and done once", async () => {
  let sent = 0;
  const seen = new Set<string | null>();
  const unlucky = createClient({
    baseUrl,
    token: keys.coordinator ?? "",
    pause: () => 1,
    fetch: async (input, init) => {
      const request = new Request(input, init);
      seen.add(request.headers.get("Idempotency-Key"));
      const answer = await fetch(request);
      sent += 1;
      if (sent === 1) throw new TypeError("the answer was lost on its way");
      return answer;
    },
  });
  const { data } = await unlucky.POST("/v1/procedures", {
    body: { patient: { reference: "ts-3", name: "Tess", language: "en" }, protocol: "laser-resurfacing", on: day(40) },
  });
  assert.equal(sent, 2);
  assert.equal(seen.size, 1);
  const { data: found } = await staff.GET("/v1/patients", { params: { query: { reference: "ts-3" } } });
  assert.equal(found?.items.length, 1);
  assert.ok(data?.id);
});

test("a service that is away is asked again, and then said so", async () => {
  let asked = 0;
  const away = createClient({
    baseUrl,
    token: "x",
    pause: () => 1,
    fetch: async () => {
      asked += 1;
      return new Response(JSON.stringify({ type: "/v1/problems/unavailable", detail: "away" }), { status: 503 });
    },
  });
  await assert.rejects(away.GET("/v1/clinic"), (error: unknown) => error instanceof PrepError && error.status === 503);
  assert.equal(asked, 3);
});

test("a portal mints a session, and its calendar is read by ical.js", async () => {
  const made = await book("ts-4");
  const portal = createClient({ baseUrl, token: keys.integration ?? "" });
  const { data: session } = await portal.POST("/v1/portal/sessions", { body: { procedure_id: made.id } });
  assert.ok(session);
  const patient = createClient({ baseUrl, token: session.access_token });
  const { data: mine } = await patient.GET("/v1/portal/procedures");
  assert.equal(mine?.items[0]?.id, made.id);
  const { data: feed } = await patient.POST("/v1/portal/procedures/{procedure_id}/calendar", { params: { path: { procedure_id: made.id } } });
  assert.ok(feed);
  const text = await (await fetch(feed.url)).text();
  const events = new ICAL.Component(ICAL.parse(text)).getAllSubcomponents("vevent").map((one) => new ICAL.Event(one));
  const appointment = events.find((one) => !one.startDate.isDate);
  assert.ok(appointment);
  const at = new Intl.DateTimeFormat("en-GB", { timeZone: mine?.items[0]?.time_zone ?? "", hour: "2-digit", minute: "2-digit" });
  assert.equal(at.format(appointment.startDate.toJSDate()), "10:30");
  assert.ok(events.length > 2);
});
