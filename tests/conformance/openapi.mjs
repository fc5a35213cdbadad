// Lints OpenAPI documents with the recommended rules of Redocly and Spectral. Prints what is wrong; exit code 1 if
// anything is. node openapi.mjs document.json …
import { readFileSync } from "node:fs";
import { createConfig, lintFromString } from "@redocly/openapi-core";
import spectralCore from "@stoplight/spectral-core";
import { oas } from "@stoplight/spectral-rulesets";

const OFF = {
  // The seller states the terms in its contract with the customer; the document knows none.
  "info-license": "off",
  // The contracts' own addresses: /v1/orders/{id} stands beside /v1/orders/by-mass.
  "no-ambiguous-paths": "off",
  // Schemas of query strings have had names from the start, and clients may use them.
  "no-unused-components": "off",
};
const redocly = await createConfig({ extends: ["recommended"], rules: OFF });
const spectral = new spectralCore.Spectral();
spectral.setRuleset({
  extends: [[oas, "all"]],
  rules: {
    "oas3-unused-component": "off",
    "info-license": "off",
    "license-url": "off",
    // The service knows no e-mail address of the seller.
    "contact-properties": "off",
    // Tags stand in the order in which somebody needs them.
    "openapi-tags-alphabetical": "off",
  },
});

let wrong = 0;
const say = (path, rule, place, message) => {
  wrong += 1;
  console.log(`${path}: ${rule} at ${place}: ${message.replaceAll("\n", " ")}`);
};
for (const path of process.argv.slice(2)) {
  const text = readFileSync(path, "utf8");
  for (const found of await lintFromString({ source: text, absoluteRef: path, config: redocly })) {
    say(path, found.ruleId, found.location[0]?.pointer ?? "", found.message);
  }
  for (const found of await spectral.run(JSON.parse(text))) {
    say(path, found.code, found.path.join("."), found.message);
  }
}
process.exit(wrong ? 1 : 0);
