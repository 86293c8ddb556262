import { runDesktopApp } from "./electron/desktop-app.ts";
import { packageFolder, pageFolder, samplesFolder } from "./launch/places.ts";

/** Entry of the desktop app. */
runDesktopApp({ packageFolder, pageFolder, samplesFolder });
