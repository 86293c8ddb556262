import { fileURLToPath } from "node:url";

/** Folders of the package, found from here so that Parley starts from any working directory. */
export const packageFolder = fileURLToPath(new URL("../../../", import.meta.url));
export const pageFolder = fileURLToPath(new URL("../../../out/renderer/", import.meta.url));
export const samplesFolder = fileURLToPath(new URL("../../../samples/", import.meta.url));
