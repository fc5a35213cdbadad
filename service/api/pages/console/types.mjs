// Writes generated/: the types of every GraphQL document in src/, from the schema. The browser loads none of it.
import { generate } from "@graphql-codegen/cli";

process.chdir(import.meta.dirname);

await generate({
  schema: "../../../../schema.graphql",
  documents: ["src/**/*.{ts,tsx}"],
  silent: true,
  generates: {
    "generated/": {
      preset: "client",
      presetConfig: { gqlTagName: "graphql", fragmentMasking: false },
      config: {
        enumsAsTypes: true,
        useTypeImports: true,
        strictScalars: true,
        scalars: {
          BigInt: "string", CurrencyCode: "string", Date: "string", DateTime: "string", Decimal: "string",
          Metadata: "Record<string, string>",
        },
      },
    },
  },
});
