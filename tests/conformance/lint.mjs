// Lints a schema file: design, Relay and description rules. Prints what is wrong; exit code 1 if anything is.
// node lint.mjs schema.graphql [types that are values and have no id …]
import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { rules, configs, parser } from "@graphql-eslint/eslint-plugin";
import { ESLint } from "eslint";

const [path, ...values] = process.argv.slice(2);
const file = resolve(path);
const eslint = new ESLint({
  cwd: dirname(file),
  overrideConfigFile: true,
  overrideConfig: [
    {
      files: ["**/*.graphql"],
      plugins: { "@graphql-eslint": { rules } },
      languageOptions: { parser, parserOptions: { graphQLConfig: { schema: file } } },
      rules: {
        ...configs["flat/schema-recommended"].rules,
        ...configs["flat/schema-relay"].rules,
        "@graphql-eslint/require-description": [
          "error",
          { types: true, DirectiveDefinition: true, FieldDefinition: true, InputValueDefinition: true, EnumValueDefinition: true },
        ],
        // A payload, a page, an edge and an error are values: they have no identity to be asked for by.
        "@graphql-eslint/strict-id-in-types": [
          "error",
          {
            acceptedIdNames: ["id"],
            acceptedIdTypes: ["ID"],
            exceptions: { suffixes: ["Payload", "Connection", "Edge", "Error"], types: ["PageInfo", ...values] },
          },
        ],
        "@graphql-eslint/relay-edge-types": [
          "error",
          { withEdgeSuffix: true, shouldImplementNode: true, listTypeCanWrapOnlyEdgeType: false },
        ],
      },
    },
  ],
});
const [result] = await eslint.lintText(readFileSync(file, "utf8"), { filePath: file });
for (const { line, ruleId, message } of result.messages) console.log(`${line}: ${ruleId}: ${message.replaceAll("\n", " ")}`);
process.exit(result.messages.length ? 1 : 0);
