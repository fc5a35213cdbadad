// Writes dist/: the explorer and its workers.
import { basename } from "node:path";
import { build } from "esbuild";
import { begin, common, finish, outputOf } from "../bundling.mjs";

process.chdir(import.meta.dirname);
begin();

const WORKERS = {
  editor: "monaco-editor/esm/vs/editor/editor.worker.js",
  json: "monaco-editor/esm/vs/language/json/json.worker.js",
  graphql: "monaco-graphql/esm/graphql.worker.js",
};
const workers = await build({ ...common, entryPoints: Object.values(WORKERS) });
const workerFiles = Object.fromEntries(
  Object.entries(WORKERS).map(([label, path]) => [label, basename(outputOf(workers, path)[0])]),
);

const main = await build({
  ...common,
  entryPoints: ["main.jsx"],
  splitting: true,
  jsx: "automatic",
  loader: { ".ttf": "file" },
  define: { "process.env.NODE_ENV": '"production"', WORKER_FILES: JSON.stringify(workerFiles) },
});

finish(main, "main.jsx", [workers, main]);
