// Compares two schema files, the older one first. Prints each change with its weight; exit code 1 if one is breaking.
import { readFileSync } from "node:fs";
import { CriticalityLevel, diff } from "@graphql-inspector/core";
import { buildSchema } from "graphql";

const [older, newer] = process.argv.slice(2).map((file) => buildSchema(readFileSync(file, "utf8")));
const changes = await diff(older, newer);
for (const { criticality, message } of changes) console.log(`${criticality.level}: ${message}`);
process.exit(changes.some(({ criticality }) => criticality.level === CriticalityLevel.Breaking) ? 1 : 0);
