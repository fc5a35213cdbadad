// Writes dist/: the explorer and its workers, bundled, named by their content and gzipped; the licences of what went
// in; and last manifest.json, which says what the page loads. Whoever finds a manifest finds a whole bundle.
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

process.chdir(import.meta.dirname);
const OUT = "dist.partial";
const common = {
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  metafile: true,
  outdir: OUT,
  entryNames: "[name]-[hash]",
  chunkNames: "chunk-[hash]",
  assetNames: "[name]-[hash]",
  legalComments: "none",
  logLevel: "warning",
};
const outputOf = (result, entry) =>
  Object.entries(result.metafile.outputs).find(([, output]) => output.entryPoint?.endsWith(entry));

rmSync(OUT, { recursive: true, force: true });
mkdirSync(OUT);

const WORKERS = {
  editor: "monaco-editor/esm/vs/editor/editor.worker.js",
  json: "monaco-editor/esm/vs/language/json/json.worker.js",
  graphql: "monaco-graphql/esm/graphql.worker.js",
};
const workers = await build({ ...common, entryPoints: Object.values(WORKERS), entryNames: "[name]-[hash]" });
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

const inputs = [workers, main].flatMap((result) => Object.keys(result.metafile.inputs));
const packages = new Set(inputs.map((path) => path.match(/.*node_modules\/(?:@[^/]+\/)?[^/]+/)?.[0]).filter(Boolean));
const licences = [...packages].sort().map((folder) => {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json")));
  const texts = readdirSync(folder).filter((file) => /^(licen[cs]e|copying|notice|thirdpartynotices)/i.test(file));
  const body = texts.map((file) => readFileSync(join(folder, file), "utf8").trim()).join("\n\n");
  return `${name} ${version} (${license})\n\n${body}`.trim();
});
writeFileSync(join(OUT, "third-party-licences.txt"), licences.join(`\n\n${"-".repeat(80)}\n\n`) + "\n");

for (const file of readdirSync(OUT)) {
  writeFileSync(join(OUT, `${file}.gz`), gzipSync(readFileSync(join(OUT, file)), { level: 9 }));
  rmSync(join(OUT, file));
}
const [script, { cssBundle }] = outputOf(main, "main.jsx");
writeFileSync(join(OUT, "manifest.json"), JSON.stringify({ script: basename(script), style: basename(cssBundle) }) + "\n");

if (existsSync("dist")) rmSync("dist", { recursive: true });
renameSync(OUT, "dist");
