// Writes dist/: the viewer of the OpenAPI documents.
import { build } from "esbuild";
import { begin, common, finish } from "../bundling.mjs";

process.chdir(import.meta.dirname);
begin();

// Two parts of the viewer speak to its maker's servers: a chat, and the counting of visits. Our policy would stop them;
// without them there is nothing to stop, and a quarter of a megabyte less.
const absent = {
  name: "absent",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /AgentScalarDrawer|plugins\/posthog/ }, () => ({ path: "absent", namespace: "absent" }));
    onLoad({ filter: /.*/, namespace: "absent" }, () => ({ contents: "export default {};" }));
  },
};

const main = await build({
  ...common,
  entryPoints: ["main.js"],
  splitting: true,
  plugins: [absent],
  define: {
    "process.env.NODE_ENV": '"production"',
    __VUE_OPTIONS_API__: "true",
    __VUE_PROD_DEVTOOLS__: "false",
    __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: "false",
  },
});

finish(main, "main.js", [main]);
