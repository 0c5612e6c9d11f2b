// Types cannot say "one of these fields, not both": take such rules out before types are made. The service keeps them.
import { readFileSync, writeFileSync } from "node:fs";

const document = JSON.parse(readFileSync("openapi.json", "utf8"));
for (const schema of Object.values(document.components.schemas)) {
  if (schema.properties && schema.oneOf?.every((option) => option.required)) delete schema.oneOf;
}
writeFileSync("openapi.json", JSON.stringify(document));
