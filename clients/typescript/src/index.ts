/** A typed client for the prep-tracker API: errors with the problem in them, and repeats that happen once. */
import createFetchClient, { type Client, type Middleware } from "openapi-fetch";
import type { components, paths } from "./schema.js";

export type { components, paths } from "./schema.js";
export type Problem = components["schemas"]["ProblemOut"];
export type Checklist = components["schemas"]["ChecklistOut"];

/** What the service refused: its problem document (RFC 9457), with every wrong field in `errors`. */
export class PrepError extends Error {
  constructor(readonly status: number, readonly problem: Problem | null, readonly retryAfterSeconds: number | null) {
    super(problem?.detail ?? `The service answered ${status}.`);
    this.name = "PrepError";
  }
  /** What kind of problem it is, as in "stale" or "invalid". */
  get slug(): string {
    return this.problem?.type.split("/").pop() ?? "unknown";
  }
}

export interface Options {
  /** Where the service is, as in https://prep.example. */
  baseUrl: string;
  /** A key or a session's token, or a function that gives one. */
  token: string | (() => string | Promise<string>);
  /** The language of texts. */
  language?: string;
  /** How often a request is sent again when the service was away, busy, or never answered; 2 unless said. */
  retries?: number;
  /** For tests. */
  fetch?: typeof globalThis.fetch;
  /** How long to wait before a repeat, in milliseconds, by number of the repeat; doubles from 250 unless said. */
  pause?: (repeat: number) => number;
}

const AGAIN = new Set([429, 502, 503, 504]);

/**
 * Make a client. Every POST gets an Idempotency-Key of its own, the same for its repeats, so that repeating is safe;
 * reads are repeated too, other changes are not.
 */
export function createClient(options: Options): Client<paths> {
  const { token, language, retries = 2, fetch: send = globalThis.fetch } = options;
  const pause = options.pause ?? ((repeat: number) => 250 * 2 ** repeat);
  const repeating: typeof globalThis.fetch = async (input, init) => {
    const request = new Request(input, init);
    const repeatable = request.method === "GET" || request.headers.has("Idempotency-Key");
    for (let repeat = 0; ; repeat += 1) {
      const last = !repeatable || repeat >= retries;
      try {
        const answer = await send(request.clone());
        if (last || !AGAIN.has(answer.status)) return answer;
        const after = Number(answer.headers.get("Retry-After"));
        await new Promise((done) => setTimeout(done, after > 0 ? after * 1000 : pause(repeat)));
      } catch (error) {
        if (last) throw error;
        await new Promise((done) => setTimeout(done, pause(repeat)));
      }
    }
  };
  const client = createFetchClient<paths>({ baseUrl: options.baseUrl, fetch: repeating });
  const middleware: Middleware = {
    async onRequest({ request }) {
      request.headers.set("Authorization", `Bearer ${typeof token === "function" ? await token() : token}`);
      if (language) request.headers.set("Accept-Language", language);
      if (request.method === "POST" && !request.headers.has("Idempotency-Key")) {
        request.headers.set("Idempotency-Key", crypto.randomUUID());
      }
      return request;
    },
    async onResponse({ response }) {
      if (response.ok || response.status === 304) return response;
      const told: unknown = await response.clone().json().catch(() => null);
      const after = Number(response.headers.get("Retry-After"));
      throw new PrepError(response.status, told as Problem | null, after > 0 ? after : null);
    },
  };
  client.use(middleware);
  return client;
}
