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
import { GraphiQLProvider, pick, useGraphiQL, useGraphiQLActions } from "@graphiql/react";
import { DOC_EXPLORER_PLUGIN, DocExplorerStore } from "@graphiql/plugin-doc-explorer";
import { HISTORY_PLUGIN, HistoryStore } from "@graphiql/plugin-history";
import { explorerPlugin } from "@graphiql/plugin-explorer";
import { keepAccessible } from "./accessible.js";
import { fillIn, remember } from "../plain/chain.js";
import { ask, withKey } from "../plain/request.js";
import { share, sharedOperation } from "../plain/share.js";
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

/** Scrolls the strip of tabs: to the tab that is opened, and sideways when a wheel without a second axis turns over it. */
function Tabs() {
  const { activeTabIndex, tabs } = useGraphiQL(pick("activeTabIndex", "tabs"));
  useEffect(() => {
    document.querySelectorAll(".graphiql-tab")[activeTabIndex]?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [activeTabIndex, tabs.length]);
  useEffect(() => {
    const turn = ({ target, deltaX, deltaY }) => {
      const strip = deltaX ? null : target.closest(".graphiql-tabs");
      if (strip) strip.scrollLeft += deltaY;
    };
    addEventListener("wheel", turn, { passive: true });
    return () => removeEventListener("wheel", turn);
  }, []);
}

/** Fills ids of earlier answers into the variables of the tab that is opened. */
function Chain() {
  const { activeTabIndex, variableEditor } = useGraphiQL(pick("activeTabIndex", "variableEditor"));
  useEffect(() => {
    const text = variableEditor?.getValue() ?? "";
    const filled = fillIn(text);
    if (filled !== text) variableEditor.setValue(filled);
  }, [activeTabIndex, variableEditor]);
}

function Share({ apiKey }) {
  const { queryEditor, variableEditor } = useGraphiQL(pick("queryEditor", "variableEditor"));
  const [outcome, setOutcome] = useState("");
  const link = async () => {
    setOutcome(await share({ query: queryEditor.getValue(), variables: variableEditor.getValue() }, apiKey));
    setTimeout(setOutcome, 5_000, "");
  };
  return (
    <>
      <button type="button" onClick={link}>
        Copy link
      </button>
      <span role="status">{outcome}</span>
    </>
  );
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
      <Share apiKey={apiKey} />
      <a href={schemaUrl}>Schema</a>
    </header>
  );
}

function Explorer({ endpoint, schemaUrl, examples }) {
  const [apiKey, setApiKey] = useState(keptKey);
  const current = useRef(apiKey);
  current.current = apiKey;
  const fetcher = useMemo(
    () => async (request, options) => {
      const answer = await ask(endpoint, request, withKey(options?.headers, current.current));
      remember(answer);
      return answer;
    },
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
  const shared = useMemo(sharedOperation, []);
  const tabs = examples.filter(({ group }) => !group);
  return (
    <GraphiQLProvider
      fetcher={fetcher}
      plugins={plugins}
      referencePlugin={DOC_EXPLORER_PLUGIN}
      storage={storage}
      editorTheme={EDITOR_THEME}
      shouldPersistHeaders={keepsHeaders()}
      defaultQuery=""
      defaultTabs={[...(shared ? [shared] : []), ...tabs].map(({ query, variables }) => ({ query, variables }))}
      initialQuery={shared?.query}
      initialVariables={shared?.variables}
      inputValueDeprecation
      schemaDescription
    >
      <HistoryStore>
        <DocExplorerStore>
          <Theme />
          <Chain />
          <Tabs />
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
