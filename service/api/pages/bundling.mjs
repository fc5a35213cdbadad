// How the bundles beside this file are made: everything named by its content and gzipped, the licences of what went in,
// and last manifest.json, which says what a page loads. Whoever finds a manifest finds a whole bundle.
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { gzipSync } from "node:zlib";

const OUT = "dist.partial";

/** What every build has in common; each adds its entry points. */
export const common = {
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

/** The output that an entry point became, as path and description. */
export const outputOf = (result, entry) =>
  Object.entries(result.metafile.outputs).find(([, output]) => output.entryPoint?.endsWith(entry));

/** An empty folder to build into. */
export function begin() {
  rmSync(OUT, { recursive: true, force: true });
  mkdirSync(OUT);
}

/** The builds are in dist/, whole, and its manifest names the script and the style of `main`'s `entry`. */
export function finish(main, entry, results) {
  writeFileSync(join(OUT, "third-party-licences.txt"), licencesOf(results));
  for (const file of readdirSync(OUT)) {
    writeFileSync(join(OUT, `${file}.gz`), gzipSync(readFileSync(join(OUT, file)), { level: 9 }));
    rmSync(join(OUT, file));
  }
  const [script, { cssBundle }] = outputOf(main, entry);
  const loaded = { script: basename(script), style: basename(cssBundle) };
  writeFileSync(join(OUT, "manifest.json"), JSON.stringify(loaded) + "\n");
  if (existsSync("dist")) rmSync("dist", { recursive: true });
  renameSync(OUT, "dist");
}

function licencesOf(results) {
  const inputs = results.flatMap((result) => Object.keys(result.metafile.inputs));
  const packages = new Set(inputs.map((path) => path.match(/.*node_modules\/(?:@[^/]+\/)?[^/]+/)?.[0]).filter(Boolean));
  const licences = [...packages].sort().map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json")));
    const texts = readdirSync(folder).filter((file) => /^(licen[cs]e|copying|notice|thirdpartynotices)/i.test(file));
    const body = texts.map((file) => readFileSync(join(folder, file), "utf8").trim()).join("\n\n");
    return `${name} ${version} (${license})\n\n${body}`.trim();
  });
  return licences.join(`\n\n${"-".repeat(80)}\n\n`) + "\n";
}
