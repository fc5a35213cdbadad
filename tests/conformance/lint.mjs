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
const text = readFileSync(file, "utf8");
const lines = text.split("\n");
const [result] = await eslint.lintText(text, { filePath: file });
// @oneOf is GraphQL's own directive, which an older parser has to be told of: there is nothing to describe.
const isOneOf = ({ message }) => message.endsWith('directive "oneOf"');
// A long list of values is read page by page as well, though none of them can be asked for by itself.
const edgeAt = (line) => lines.slice(0, line).findLast((each) => each.startsWith("type "))?.split(" ")[1];
const isPageOfValues = ({ line, message }) =>
  message.includes("must implement `Node`") && values.some((value) => edgeAt(line) === `${value}Edge`);
result.messages = result.messages.filter((finding) => !isOneOf(finding) && !isPageOfValues(finding));
for (const { line, ruleId, message } of result.messages) console.log(`${line}: ${ruleId}: ${message.replaceAll("\n", " ")}`);
process.exit(result.messages.length ? 1 : 0);
