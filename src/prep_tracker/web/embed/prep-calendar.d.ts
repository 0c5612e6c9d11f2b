/** Types of <prep-calendar>, the patient's days in their own calendar. */

import type { AccessToken, PrepError } from "./prep-checklist.js";

/** Attributes: `base-url`, `procedure`, `lang`, as of <prep-checklist>. */
export class PrepCalendar extends HTMLElement {
  /** Called before every request when it is a function. Never written into the page. */
  accessToken: AccessToken;
  addEventListener(
    type: "prep-error", listener: (this: PrepCalendar, event: CustomEvent<PrepError>) => void, options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener(type: string, listener: EventListenerOrEventListenerObject, options?: boolean | AddEventListenerOptions): void;
}

declare global {
  interface HTMLElementTagNameMap { "prep-calendar": PrepCalendar }
}
