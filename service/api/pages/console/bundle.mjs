// Writes dist/: the console, with a chunk for each page and each language. With --sizes it prints what the first view loads.
import { build } from "esbuild";
import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { begin, common, finish, outputOf } from "../bundling.mjs";

process.chdir(import.meta.dirname);
begin();

const main = await build({
  ...common,
  entryPoints: ["src/main.tsx"],
  splitting: true,
  jsx: "automatic",
  define: { "process.env.NODE_ENV": '"production"' },
});

finish(main, "src/main.tsx", [main]);

if (process.argv.includes("--sizes")) {
  const firstView = ["src/main.tsx", "messages/en.json", "src/pages/overview.tsx"];
  const { outputs } = main.metafile;
  const found = new Set();
  const visit = (path) => {
    if (found.has(path)) return;
    found.add(path);
    if (outputs[path].cssBundle) found.add(outputs[path].cssBundle);
    for (const each of outputs[path].imports) if (each.kind === "import-statement") visit(each.path);
  };
  for (const entry of firstView) visit(outputOf(main, entry)[0]);
  const sizes = [...found].map((path) => [path, readFileSync(join("dist", `${basename(path)}.gz`)).length]);
  for (const [path, size] of sizes) console.log(String(size).padStart(8), path);
  console.log(String(sizes.reduce((sum, [, size]) => sum + size, 0)).padStart(8), "first view, compressed");
}
