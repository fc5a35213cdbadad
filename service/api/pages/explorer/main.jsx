// The explorer: GraphiQL with documentation, history, a query builder and ready examples, set up by the page's
// data-config attribute. It asks nothing of another origin.
import "./workers.js";
// GraphiQL would load Monaco later by itself, but the styles of a lazy chunk are never linked into the page.
import "monaco-graphql/esm/monaco-editor.js";
// One by one, because graphiql/style.css carries 300 kB of web fonts.
import "@graphiql/react/style.css";
import "@graphiql/plugin-doc-explorer/style.css";
import "@graphiql/plugin-history/style.css";
import "@graphiql/plugin-explorer/style.css";
import "graphiql/graphiql.css";
import "./explorer.css";

import { useEffect, useMemo, useRef, useState } from "react";
import { createRoot } from "react-dom/client";
import { GraphiQL, GraphiQLInterface } from "graphiql";
import { GraphiQLProvider, useGraphiQL, useGraphiQLActions } from "@graphiql/react";
import { DOC_EXPLORER_PLUGIN, DocExplorerStore } from "@graphiql/plugin-doc-explorer";
import { HISTORY_PLUGIN, HistoryStore } from "@graphiql/plugin-history";
import { explorerPlugin } from "@graphiql/plugin-explorer";
import { keepAccessible } from "./accessible.js";
import { ask, withKey } from "../plain/request.js";
import { examplesPlugin } from "./examples.jsx";
import { keepKey, keepsHeaders, keptKey, storage } from "./storage.js";
import { EDITOR_THEME } from "./theme.js";

const narrow = matchMedia("(max-width: 700px)");
const systemDark = matchMedia("(prefers-color-scheme: dark)");

/** Marks the page as dark or light, by GraphiQL's setting or else the system's, and keeps it so when either changes. */
function Theme() {
  const theme = useGraphiQL((state) => state.theme);
  const { setTheme } = useGraphiQLActions();
  useEffect(() => {
    const show = () => document.documentElement.classList.toggle("dark", theme ? theme === "dark" : systemDark.matches);
    // GraphiQL looks at the system once; choosing "system" again makes the editors look again.
    const changed = () => (show(), theme ?? setTheme(null));
    show();
    systemDark.addEventListener("change", changed);
    return () => systemDark.removeEventListener("change", changed);
  }, [theme, setTheme]);
}

function Bar({ apiKey, setApiKey, schemaUrl }) {
  const remember = useGraphiQL((state) => state.shouldPersistHeaders);
  const { setShouldPersistHeaders } = useGraphiQLActions();
  useEffect(() => keepKey(apiKey, remember), [apiKey, remember]);
  return (
    <header className="bar">
      <h1>
        carbon-orders <span>GraphQL</span>
      </h1>
      <label className="key">
        <span>API key</span>
        <input
          type="password"
          autoComplete="off"
          spellCheck="false"
          placeholder="sent as Authorization: Bearer …"
          value={apiKey}
          onChange={(event) => setApiKey(event.target.value.trim())}
        />
      </label>
      <label className="remember">
        <input type="checkbox" checked={remember} onChange={(event) => setShouldPersistHeaders(event.target.checked)} />
        Remember
      </label>
      <a href={schemaUrl}>Schema</a>
    </header>
  );
}

function Explorer({ endpoint, schemaUrl, examples }) {
  const [apiKey, setApiKey] = useState(keptKey);
  const current = useRef(apiKey);
  current.current = apiKey;
  const fetcher = useMemo(
    () => (request, options) => ask(endpoint, request, withKey(options?.headers, current.current)),
    [endpoint],
  );
  const plugins = useMemo(
    () => [
      DOC_EXPLORER_PLUGIN,
      HISTORY_PLUGIN,
      { ...explorerPlugin({ title: "Query builder", showAttribution: false }), title: "Query builder" },
      examplesPlugin(examples),
    ],
    [examples],
  );
  return (
    <GraphiQLProvider
      fetcher={fetcher}
      plugins={plugins}
      referencePlugin={DOC_EXPLORER_PLUGIN}
      storage={storage}
      editorTheme={EDITOR_THEME}
      shouldPersistHeaders={keepsHeaders()}
      defaultQuery=""
      defaultTabs={examples.map(({ query, variables }) => ({ query, variables }))}
      inputValueDeprecation
      schemaDescription
    >
      <HistoryStore>
        <DocExplorerStore>
          <Theme />
          <Bar apiKey={apiKey} setApiKey={setApiKey} schemaUrl={schemaUrl} />
          <main>
            <GraphiQLInterface showPersistHeadersSettings defaultEditorToolsVisibility={narrow.matches ? false : "variables"}>
              <GraphiQL.Logo>
                <span />
              </GraphiQL.Logo>
            </GraphiQLInterface>
          </main>
        </DocExplorerStore>
      </HistoryStore>
    </GraphiQLProvider>
  );
}

const root = document.getElementById("explorer");
keepAccessible(root);
createRoot(root).render(<Explorer {...JSON.parse(root.dataset.config)} />);
