// The reference of one contract: Scalar's viewer over its OpenAPI document, set up by the page's data-config attribute.
// It asks nothing of another origin: its fonts, its chat, its counting of visits and its proxy are left out.
import "@scalar/api-reference/style.css";
import "./references.css";

import { createApiReference } from "@scalar/api-reference";
import { keepAccessible } from "./accessible.js";

const root = document.getElementById("reference");
const { title, document: url } = JSON.parse(root.dataset.config);

keepAccessible(document.body);
createApiReference(root, {
  url,
  // Requests are tried on the origin that shows the page, the only one that its policy lets them reach.
  servers: [{ url: new URL(".", new URL(url, location)).href.replace(/\/$/, "") }],
  metaData: { title },
  theme: "none",
  withDefaultFonts: false,
  telemetry: false,
  agent: { disabled: true },
  mcp: { disabled: true },
  showDeveloperTools: "never",
  hideClientButton: true,
  persistAuth: false,
  documentDownloadType: "direct",
  defaultHttpClient: { targetKey: "shell", clientKey: "curl" },
});
