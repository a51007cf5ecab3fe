// A small explorer: runs queries, mutations and subscriptions against the address it was opened at, and lists the schema.
// It asks nobody but this host for anything.
"use strict";

const at = (id) => document.getElementById(id);
const endpoint = location.pathname;
const remembered = `explorer:${endpoint}`;
let socket = null;

function headers() {
  const token = at("token").value.trim();
  return { "content-type": "application/json", ...(token && { authorization: `Bearer ${token}` }) };
}

async function ask(body) {
  const started = performance.now();
  const response = await fetch(endpoint, { method: "POST", headers: headers(), body: JSON.stringify(body) });
  const text = await response.text();
  const took = (performance.now() - started).toFixed(1);
  return { text, status: `${response.status} · ${took} ms · ${text.length.toLocaleString()} characters` };
}

function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

function request() {
  const variables = at("variables").value.trim() || "{}";
  return { query: at("operation").value, variables: JSON.parse(variables) };
}

function subscribe(payload) {
  stop();
  const token = at("token").value.trim();
  socket = new WebSocket(location.href.replace(/^http/, "ws"), "graphql-transport-ws");
  at("stop").hidden = false;
  at("answer").textContent = "";
  const say = (message) => socket.send(JSON.stringify(message));
  socket.onopen = () => say({ type: "connection_init", payload: token ? { authorization: `Bearer ${token}` } : {} });
  socket.onmessage = ({ data }) => {
    const message = JSON.parse(data);
    if (message.type === "connection_ack") {
      at("status").textContent = "listening";
      say({ type: "subscribe", id: "1", payload });
    } else if (message.type === "ping") {
      say({ type: "pong" });
    } else if (message.type === "next" || message.type === "error") {
      at("answer").textContent += `${JSON.stringify(message.payload, null, 2)}\n`;
    } else if (message.type === "complete") {
      stop();
    }
  };
  socket.onclose = ({ code, reason }) => {
    at("status").textContent = `closed: ${code} ${reason}`;
    at("stop").hidden = true;
  };
}

function stop() {
  socket?.close(1000);
  socket = null;
  at("stop").hidden = true;
}

async function run() {
  localStorage.setItem(remembered, JSON.stringify([at("operation").value, at("variables").value]));
  try {
    const payload = request();
    if (/^\s*(#[^\n]*\n\s*)*subscription\b/.test(payload.query)) {
      subscribe(payload);
      return;
    }
    at("status").textContent = "…";
    const { text, status } = await ask(payload);
    at("answer").textContent = pretty(text);
    at("status").textContent = status;
  } catch (error) {
    at("status").textContent = String(error);
  }
}

const typeText = (type) =>
  type.kind === "NON_NULL" ? `${typeText(type.ofType)}!` : type.kind === "LIST" ? `[${typeText(type.ofType)}]` : type.name;

function fieldButton(type, field) {
  const button = document.createElement("button");
  button.className = "field";
  const args = field.args?.length ? `(${field.args.map((a) => `${a.name}: ${typeText(a.type)}`).join(", ")})` : "";
  button.textContent = `${field.name}${args}: ${typeText(field.type)}`;
  button.title = field.description ?? "";
  button.onclick = () => insert(field.name);
  button.dataset.find = `${type.name} ${field.name}`.toLowerCase();
  return button;
}

function insert(text) {
  const area = at("operation");
  area.setRangeText(text, area.selectionStart, area.selectionEnd, "end");
  area.focus();
}

async function showSchema() {
  const reference = "kind name ofType { kind name ofType { kind name ofType { kind name } } }";
  const query = `{ __schema { queryType { name } mutationType { name } subscriptionType { name } types { kind name description
    fields { name description args { name type { ${reference} } } type { ${reference} } }
    inputFields { name description type { ${reference} } } enumValues { name description } } } }`;
  const { text } = await ask({ query });
  const schema = JSON.parse(text).data?.__schema;
  if (!schema) return;
  const roots = [schema.queryType, schema.mutationType, schema.subscriptionType].filter(Boolean).map((t) => t.name);
  const rank = (type) => (roots.includes(type.name) ? roots.indexOf(type.name) : roots.length);
  const types = schema.types.filter((t) => !t.name.startsWith("__") && t.kind !== "SCALAR");
  types.sort((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name));
  at("schema").replaceChildren(
    ...types.map((type) => {
      const details = document.createElement("details");
      details.open = type.name === schema.queryType.name;
      const summary = document.createElement("summary");
      summary.textContent = `${type.name} `;
      summary.title = type.description ?? "";
      const kind = document.createElement("span");
      kind.className = "kind";
      kind.textContent = type.kind.toLowerCase().replace("_", " ");
      summary.append(kind);
      const list = document.createElement("div");
      const fields = type.fields ?? type.inputFields ?? (type.enumValues ?? []).map((v) => ({ ...v, type: { name: type.name } }));
      list.append(...fields.map((field) => fieldButton(type, field)));
      details.append(summary, list);
      return details;
    }),
  );
}

function filter() {
  const wanted = at("filter").value.trim().toLowerCase();
  for (const details of at("schema").children) {
    let shown = 0;
    for (const button of details.querySelectorAll(".field")) {
      button.hidden = !button.dataset.find.includes(wanted);
      shown += button.hidden ? 0 : 1;
    }
    details.hidden = shown === 0;
    if (wanted) details.open = shown > 0;
  }
}

at("address").textContent = endpoint;
const [operation, variables] = JSON.parse(localStorage.getItem(remembered) ?? "null") ?? ["{\n  me {\n    kind\n    name\n    roles\n  }\n}\n", "{}"];
at("operation").value = operation;
at("variables").value = variables;
at("run").onclick = run;
at("stop").onclick = stop;
at("filter").oninput = filter;
document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key === "Enter") run();
});
showSchema().catch((error) => (at("status").textContent = String(error)));
