import { readFileSync } from "node:fs";
import path from "node:path";
import {
  app,
  BrowserWindow,
  globalShortcut,
  Menu,
  nativeTheme,
  protocol,
  screen,
  session,
  shell,
  systemPreferences,
  Tray,
  utilityProcess,
} from "electron";
import { systemClock } from "../../shared/clock.ts";
import { AppError } from "../../shared/errors.ts";
import type { AppService, Phase } from "../../shared/app-contract.ts";
import { createPortPair } from "../../shared/ports/memory.ts";
import { connect } from "../../shared/rpc.ts";
import { createApp } from "../app/app.ts";
import { securityHeaders } from "../app/content-security-policy.ts";
import { readPageFiles } from "../app/page-files.ts";
import { bundleHandler } from "./app-protocol.ts";
import { devHandler, devServer, isOwnRequest } from "./dev-server.ts";
import { HotkeyTalk } from "./hotkey-talk.ts";
import { Hotkey } from "./hotkey.ts";
import { listenForWindows } from "./ipc.ts";
import { loadKeyHook } from "./key-hook.ts";
import { electronPort } from "./message-port.ts";
import { lockNavigation } from "./navigation.ts";
import { APP_SCHEME } from "./origin.ts";
import { installPermissions } from "./permissions.ts";
import { quitInOrder } from "./quit-order.ts";
import { utilitySpawner } from "./spawn-model.ts";
import { trayMenu } from "./tray.ts";
import { Windows } from "./windows.ts";
import { writeFileAtomic } from "../storage/atomic-file.ts";
import { dataFolder } from "../storage/data-folder.ts";

const STEP_MS = 3_000;
/** X11 reports a held key as pairs of up and down, 30 ms apart at most. */
const X11_RELEASE_GRACE_MS = 50;
const report = (error: AppError): void => console.error(`${error.code}: ${error.message}`);

/** Where the parts of the package are. */
export interface Places {
  readonly packageFolder: string;
  readonly pageFolder: string;
  readonly samplesFolder: string;
}

/**
 * The desktop app: joins the modules of this folder, which hold every decision, to Electron. Must be called while the
 * entry is being loaded (schemes are registered before Electron is ready) and must not be awaited there: Electron gets
 * ready only after its entry has been loaded.
 */
export function runDesktopApp(places: Places): void {
  protocol.registerSchemesAsPrivileged([
    {
      scheme: APP_SCHEME,
      privileges: { standard: true, secure: true, supportFetchAPI: true, codeCache: true },
    },
  ]);
  lockNavigation(app, shell);
  if (!app.requestSingleInstanceLock()) {
    app.quit();
    return;
  }
  run(places).catch((error: unknown) => {
    report(AppError.from(error));
    app.exit(1);
  });
}

async function run({ packageFolder, pageFolder, samplesFolder }: Places): Promise<void> {
  const folder = dataFolder();
  const boundsFile = path.join(folder, "window.json");
  let isQuitting = false;

  // The main side first: it answers whether or not a window exists.
  const parley = createApp({
    host: "electron",
    version: app.getVersion(),
    folder,
    samplesFolder,
    clock: systemClock,
    hotkey: { level: "none", backend: "none", reason: "The key is not being watched yet." },
    report,
    spawn: utilitySpawner(utilityProcess),
  });
  await app.whenReady();
  const server = devServer({ isPackaged: app.isPackaged, rendererUrl: process.env["ELECTRON_RENDERER_URL"] });
  installPermissions(session.defaultSession);
  // The page needs nothing from any network, so nothing is let through.
  session.defaultSession.webRequest.onBeforeRequest(({ url }, callback) =>
    callback({
      cancel: !isOwnRequest(url, server),
    }),
  );
  protocol.handle(
    APP_SCHEME,
    server === null
      ? bundleHandler(await readPageFiles(pageFolder), securityHeaders({ sockets: [] }))
      : devHandler(server),
  );

  const iconPath = path.join(packageFolder, "resources/icons/parley.png");
  const windows = new Windows({
    system: {
      create: (options) => new BrowserWindow(options),
      workAreas: () => screen.getAllDisplays().map((display) => display.workArea),
      currentWorkArea: () => screen.getDisplayNearestPoint(screen.getCursorScreenPoint()).workArea,
      isDark: () => nativeTheme.shouldUseDarkColors,
    },
    preloadPath: path.join(packageFolder, "out/preload/index.cjs"),
    iconPath,
    savedBounds: readJson(boundsFile),
    onBounds: (bounds) => void writeFileAtomic(boundsFile, JSON.stringify(bounds)).catch(() => {}),
    staysInTray: () => !isQuitting,
  });
  listenForWindows(
    (port, view) => parley.addWindow(electronPort(port), view),
    (reason) => console.error(`Refused a window: ${reason}.`),
  );

  // The key and the tray are a window like any other, without pixels.
  const [shellPort, appPort] = createPortPair();
  parley.addWindow(appPort, "overlay");
  const client = connect<AppService>(shellPort);
  const tray = new Tray(iconPath);
  let phase: Phase = "idle";
  const showTray = (): void => {
    const actions = {
      open: () => windows.showMain(),
      stopSpeaking: () => void client.call("turn.interrupt", {}).catch(() => {}),
      quit: () => app.quit(),
    };
    tray.setContextMenu(
      Menu.buildFromTemplate(trayMenu(phase, parley.settings.pushToTalk.globalKey, actions)),
    );
  };
  const talk = new HotkeyTalk({
    client,
    clock: systemClock,
    tapMs: parley.settings.pushToTalk.tapMs,
    releaseGraceMs: process.platform === "linux" ? X11_RELEASE_GRACE_MS : 0,
    onPhase: (next) => {
      phase = next;
      showTray();
      if (phase === "idle") windows.hideOverlay();
      else windows.showOverlay();
    },
    onError: (error) => parley.notify("error", error.message),
  });
  const hotkey = new Hotkey({
    platform: process.platform,
    sessionType: process.env["XDG_SESSION_TYPE"],
    isAccessibilityTrusted: () => systemPreferences.isTrustedAccessibilityClient(false),
    loadHook: loadKeyHook,
    shortcuts: globalShortcut,
    onEdge: (edge) => talk.edge(edge),
  });
  const watchKey = async (): Promise<void> =>
    parley.setHotkey(await hotkey.watch(parley.settings.pushToTalk.globalKey));
  parley.onSettings((after, before) => {
    talk.configure(after.pushToTalk.tapMs);
    if (after.pushToTalk.globalKey === before.pushToTalk.globalKey) return;
    void watchKey();
    showTray();
  });
  // The first event of a state comes with the greeting every window exchanges.
  await client.call("hello", {});
  await watchKey();
  showTray();

  app.on("second-instance", () => windows.showMain());
  app.on("activate", () => windows.showMain());
  // Closing the last window leaves Parley in the tray: the key still works.
  app.on("window-all-closed", () => {});
  app.on("before-quit", (event) => {
    if (isQuitting) return;
    isQuitting = true;
    event.preventDefault();
    void quitInOrder(
      [
        { name: "key", run: () => hotkey[Symbol.dispose]() },
        { name: "windows", run: () => windows.destroy() },
        { name: "app", run: () => parley.dispose() },
        { name: "tray", run: () => tray.destroy() },
      ],
      STEP_MS,
      systemClock,
    ).then((unfinished) => {
      if (unfinished.length > 0) console.error(`Could not end in time: ${unfinished.join(", ")}.`);
      return app.exit(0);
    });
  });
  windows.showMain();
}

/** What an earlier run left, or nothing. */
function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    // Missing or damaged: the window is then opened in its default place.
    return null;
  }
}
