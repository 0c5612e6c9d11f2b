/* Fetch the elements from where they are written: the service gives out the same files. */
import { copyFileSync } from "node:fs";

for (const name of ["prep-checklist.js", "prep-checklist.d.ts", "prep-calendar.js", "prep-calendar.d.ts"]) {
  copyFileSync(new URL(`../../src/prep_tracker/web/embed/${name}`, import.meta.url), new URL(name, import.meta.url));
}
