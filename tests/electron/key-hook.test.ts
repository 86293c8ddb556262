import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { afterAll, beforeAll, expect, test } from "vitest";

// The native hook itself, on a real X server with real key events. Needs Xvfb and xdotool (Debian packages).
const missing = ["Xvfb", "xdotool"].filter((name) => spawnSync("which", [name]).status !== 0);
if (process.platform !== "linux") missing.push("Linux");
if (missing.length > 0) console.info(`Native key hook test skipped: ${missing.join(" and ")} not available.`);

let server: ChildProcess | undefined;
let display = "";

beforeAll(async () => {
  if (missing.length > 0) return;
  // `-displayfd` picks a free display and tells which, once the server takes connections.
  server = spawn("Xvfb", ["-displayfd", "1", "-screen", "0", "640x480x24"], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  const [line] = (await once(server.stdout!, "data")) as [Buffer];
  display = `:${line.toString().trim()}`;
});
afterAll(() => server?.kill("SIGKILL"));

const program = `
  const { loadKeyHook } = await import(${JSON.stringify(new URL("../../src/main/electron/key-hook.ts", import.meta.url).href)});
  const hook = await loadKeyHook();
  const say = (type) => (event) => console.log(type, event.keycode === hook.keycodes.F9 ? "F9" : event.keycode, event.ctrlKey);
  hook.start({ down: say("down"), up: say("up") });
  console.log("watching");
  process.stdin.once("data", () => { hook.stop(); process.exit(0); });
`;

test.skipIf(missing.length > 0)("R11 the native hook reports real key-down and key-up", async () => {
  const env = { ...process.env, DISPLAY: display };
  const child = spawn(process.execPath, ["--input-type=module", "-e", program], {
    env,
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines: string[] = [];
  child.stdout.setEncoding("utf8").on("data", (text: string) => lines.push(...text.trim().split("\n")));
  const seen = async (line: string) => {
    while (!lines.includes(line)) await once(child.stdout, "data");
  };
  await seen("watching");
  // The hook's thread may need a moment after `start`: keys are pressed until one is seen, then once more for the record.
  for (let attempt = 0; attempt < 50 && !lines.some((line) => line.startsWith("up")); attempt++) {
    spawnSync("xdotool", ["key", "F8"], { env });
  }
  spawnSync("xdotool", ["keydown", "F9"], { env });
  await seen("down F9 false");
  spawnSync("xdotool", ["keyup", "F9"], { env });
  await seen("up F9 false");
  spawnSync("xdotool", ["key", "ctrl+F9"], { env });
  await seen("down F9 true");
  child.stdin.end("stop\n");
  const [code] = (await once(child, "exit")) as [number];
  expect(code).toBe(0);
  expect(lines.indexOf("down F9 false")).toBeLessThan(lines.indexOf("up F9 false"));
});
