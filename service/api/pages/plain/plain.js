// The plain explorer: shown where GraphiQL was not bundled. Fields, a run button, the answer and the schema; no framework.
import { ask, withKey } from "./request.js";
import { fillIn, remember } from "./chain.js";
import { colour } from "./colour.js";
import { share, sharedOperation } from "./share.js";

const { endpoint, schemaUrl, examples } = JSON.parse(document.body.dataset.config);
const $ = (id) => document.getElementById(id);
let stream = null;

function show(example) {
  $("query").value = example.query;
  $("variables").value = fillIn(example.variables);
  for (const button of document.querySelectorAll("#examples button")) {
    button.setAttribute("aria-pressed", String(button.textContent === example.title));
  }
}

function parsed(id) {
  const text = $(id).value.trim();
  if (!text) return undefined;
  try {
    return JSON.parse(text);
  } catch (error) {
    $(id).focus();
    throw new Error(`The ${id} are not JSON: ${error.message}`);
  }
}

async function run() {
  if (stream) return stream.return();
  const started = performance.now();
  const say = (what) => ($("status").textContent = `${what} · ${Math.round(performance.now() - started)} ms`);
  $("status").textContent = "Waiting …";
  try {
    const request = { query: $("query").value, variables: parsed("variables") };
    const answer = await ask(endpoint, request, withKey(parsed("headers"), $("key").value.trim()));
    if (answer[Symbol.asyncIterator]) await follow(answer);
    else {
      remember(answer);
      colour($("response"), JSON.stringify(answer, null, 2));
      say(answer.errors ? `${answer.errors.length} ${answer.errors.length === 1 ? "error" : "errors"}` : "Answered");
    }
  } catch (error) {
    $("response").textContent = error.message;
    say("Failed");
  }
}

async function follow(events) {
  stream = events;
  $("run-label").textContent = "Stop";
  $("status").textContent = "Listening …";
  const heard = [];
  try {
    for await (const event of events) {
      heard.push(JSON.stringify(event, null, 2));
      colour($("response"), heard.slice(-100).join("\n"));
      $("status").textContent = `Listening · ${heard.length} heard`;
    }
    $("status").textContent = `Ended · ${heard.length} heard`;
  } finally {
    stream = null;
    $("run-label").textContent = "Run";
  }
}

/** Tab indents by two spaces, unless Escape was pressed just before: a keyboard must be able to leave the field. */
function indent(event) {
  const field = event.target;
  if (event.key === "Tab" && !event.shiftKey && !field.dataset.leaving) {
    event.preventDefault();
    field.setRangeText("  ", field.selectionStart, field.selectionEnd, "end");
  }
  if (event.key === "Escape") field.dataset.leaving = "yes";
  else delete field.dataset.leaving;
}

let definitions = null;
async function find() {
  definitions ??= (await (await fetch(schemaUrl)).text()).trim().split(/\n\n(?=\S)/);
  const words = $("find").value.toLowerCase().split(/\s+/).filter(Boolean);
  const found = definitions.filter((text) => words.every((word) => text.toLowerCase().includes(word)));
  colour($("definitions"), found.join("\n\n"));
  $("found").textContent = `${found.length} of ${definitions.length}`;
}

for (const example of examples) {
  const heading = example.group && $("examples").lastChild?.dataset.group !== example.group ? example.group : "";
  if (heading) $("examples").append(Object.assign(document.createElement("span"), { textContent: heading }));
  const button = document.createElement("button");
  button.dataset.group = example.group;
  button.type = "button";
  button.textContent = example.title;
  button.addEventListener("click", () => show(example));
  $("examples").append(button);
}
const first = sharedOperation() ?? examples[0];
if (first) show(first);
for (const field of document.querySelectorAll("textarea")) field.addEventListener("keydown", indent);
$("share").addEventListener("click", async () => {
  const operation = { query: $("query").value, variables: $("variables").value };
  $("status").textContent = await share(operation, $("key").value.trim());
});
$("ask").addEventListener("submit", (event) => (event.preventDefault(), run()));
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    run();
  }
});
$("schema").addEventListener("toggle", () => definitions ?? find());
$("find").addEventListener("input", find);
