// Fills ids that answers contained into the variables of later operations: that of an order into `orderId`, that of a
// quote into `quoteId`, and so on, while these are empty or hold what was filled in before. With another id the operation
// is another one, so it also gets another `idempotencyKey` or `reference`.

const last = new Map();
const filled = new Set([""]);

/** The name of the variable for an id: a global id is base64 that begins with the name of its type and a colon. */
function variableOf(id) {
  try {
    const [, type] = /^([A-Z]\w*):/.exec(atob(id.replaceAll("-", "+").replaceAll("_", "/"))) ?? [];
    return type && `${type[0].toLowerCase()}${type.slice(1)}Id`;
  } catch {
    return undefined;
  }
}

/** Takes note of the first id of each type in an answer. */
export function remember(answer) {
  const found = new Map();
  const look = (value) => {
    for (const [name, inner] of Object.entries(value ?? {})) {
      const variable = name === "id" && typeof inner === "string" ? variableOf(inner) : undefined;
      if (variable && !found.has(variable)) found.set(variable, inner);
      if (typeof inner === "object") look(inner);
    }
  };
  look(answer.data);
  found.forEach((id, variable) => last.set(variable, id));
}

/** The text of the variables with the ids filled in; unchanged if there are none to fill in, and if it is not JSON. */
export function fillIn(text) {
  let variables;
  try {
    variables = JSON.parse(text);
  } catch {
    return text;
  }
  const taken = Object.keys(variables ?? {}).filter(
    (name) => last.has(name) && filled.has(variables[name]) && variables[name] !== last.get(name),
  );
  for (const name of taken) {
    variables[name] = last.get(name);
    filled.add(variables[name]);
  }
  if (taken.length) {
    for (const name of ["idempotencyKey", "reference"]) {
      if (filled.has(variables[name])) filled.add((variables[name] = `explorer-${Date.now().toString(36)}`));
    }
  }
  return taken.length ? JSON.stringify(variables, null, 2) : text;
}
