/* oxlint-disable import/no-unassigned-import -- imported for their effect */
import "./zod-without-eval.ts";
import { createRoot } from "react-dom/client";
import { App } from "./app.tsx";
import { windowViewOf } from "./bridge/view.ts";
import { notify } from "./components/notices.ts";
import { Session } from "./session/session.ts";
import "./styles/tokens.css";
import "./styles/base.css";

const view = windowViewOf(location.hash);
document.documentElement.dataset["view"] = view;

const session = new Session({
  view,
  // Shows a test what was played. Not in Electron's window, whose page has a protocol of its own.
  tap: location.protocol === "http:" && new URLSearchParams(location.search).get("tap") === "1",
  notify,
});
session.start();
// Closing the microphone and the output with the page keeps the browser's recording mark honest.
window.addEventListener("pagehide", () => session[Symbol.dispose]());

const root = document.getElementById("root");
if (!root) throw new Error("index.html has no #root");
createRoot(root).render(<App session={session} />);
