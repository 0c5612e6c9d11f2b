/** Types of <prep-checklist>, the patient's countdown checklist. */

/** The session's token, or a function that gives one; `expired` says that the last one was refused. null: signed out. */
export type AccessToken = string | null | ((why: { expired: boolean }) => string | null | Promise<string | null>);

export type Level =
  | "ready" | "on-track" | "waiting" | "at-risk" | "blocked" | "past" | "completed" | "cancelled" | "no-show";
export type State =
  | "closed" | "short" | "unknown" | "late" | "open" | "upcoming" | "done" | "waived" | "over";

/** What the page reads of the answer of GET /v1/portal/procedures/{id}/checklist. Days are YYYY-MM-DD. */
export interface Checklist {
  procedure: { id: string | null; on: string; at: string | null; time_zone: string; protocol: string };
  as_of: string;
  days_to_go: number;
  language: string;
  standing: { level: Level; reasons: { step: string | null; text: string; who: string; act_by: string | null }[] };
  earliest_safe_on: string | null;
  earliest_preferred_on: string | null;
  items: {
    step: string;
    kind: "avoid" | "do" | "daily" | "gate" | "review" | "note";
    title: string;
    detail: string | null;
    who: "patient" | "staff" | "clinician";
    state: State;
    opens_on: string | null;
    due_on: string | null;
    closes_on: string | null;
    timeline: [day: string, state: State][];
    /** `own`: said in a session like this one (the patient's, or a carer's), so it can be withdrawn. */
    marks: { entry: number; kind: string; on: string | null; said_on: string; own?: boolean }[];
  }[];
}

/** Something new is shown. Times are in milliseconds: until the data was there, and from then until it was drawn. */
export interface PrepLoad { checklist: Checklist; loading: number; drawing: number }
/** Something was said and has arrived: what was sent, and what came back. */
export interface PrepChange { said: unknown; answer: { entry?: number; version?: number; [name: string]: unknown } }
/** It did not work: the status (0 without a network), and what the service said is wrong (RFC 9457). */
export interface PrepError { status: number; problem: { title?: string; detail?: string; [name: string]: unknown } | null }

export interface PrepChecklistEventMap {
  "prep-load": CustomEvent<PrepLoad>;
  "prep-change": CustomEvent<PrepChange>;
  "prep-error": CustomEvent<PrepError>;
}

/** Attributes: `base-url`, `procedure`, `lang`, `no-store`. */
export class PrepChecklist extends HTMLElement {
  /** Called before every request when it is a function. Never written into the page. */
  accessToken: AccessToken;
  /** Send what waits and read everything anew; done when it is shown. */
  refresh(): Promise<void>;
  /** Forget everything that is kept on this device: when somebody signs out. */
  forget(): void;
  addEventListener<K extends keyof PrepChecklistEventMap>(
    type: K, listener: (this: PrepChecklist, event: PrepChecklistEventMap[K]) => void, options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener(type: string, listener: EventListenerOrEventListenerObject, options?: boolean | AddEventListenerOptions): void;
}

declare global {
  interface HTMLElementTagNameMap { "prep-checklist": PrepChecklist }
  interface HTMLElementEventMap extends PrepChecklistEventMap {}
}
