// The panel that lists the example documents. Knows how to open one in a tab, not what is in it.
import { Fragment } from "react";
import { useGraphiQL, useGraphiQLActions, pick } from "@graphiql/react";
import { fillIn } from "../plain/chain.js";

function Icon(props) {
  return (
    <svg viewBox="0 0 24 24" fill="none" stroke="currentColor" strokeWidth="1.5" {...props}>
      <path d="M4 4h11l5 5v11H4z" strokeLinejoin="round" />
      <path d="m10 11 5 3-5 3z" fill="currentColor" strokeLinejoin="round" />
    </svg>
  );
}

function Examples({ examples }) {
  const { addTab, setVisiblePlugin } = useGraphiQLActions();
  const { queryEditor, variableEditor } = useGraphiQL(pick("queryEditor", "variableEditor"));
  const open = (example) => {
    addTab();
    queryEditor.setValue(example.query);
    variableEditor.setValue(fillIn(example.variables));
    // On a phone the panel covers the editors.
    if (matchMedia("(max-width: 700px)").matches) setVisiblePlugin(null);
  };
  return (
    <section aria-label="Examples" className="examples">
      <div className="graphiql-doc-explorer-title">Examples</div>
      {[...Map.groupBy(examples, ({ group }) => group)].map(([group, listed]) => (
        <Fragment key={group}>
          {group && <h2>{group}</h2>}
          <ul>
            {listed.map((example) => (
              <li key={example.title}>
                <button type="button" onClick={() => open(example)}>
                  <strong>{example.title}</strong>
                  <span>{example.about}</span>
                </button>
              </li>
            ))}
          </ul>
        </Fragment>
      ))}
    </section>
  );
}

export const examplesPlugin = (examples) => ({
  title: "Examples",
  icon: Icon,
  content: () => <Examples examples={examples} />,
});
