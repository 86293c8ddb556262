import { defineConfig } from "electron-vite";
import { rendererConfig } from "./vite.renderer.config.ts";

/** Where Electron's two own bundles go; the page is described once, in vite.renderer.config.ts. */
export default defineConfig({
  main: {
    build: { outDir: "out/main", rolldownOptions: { input: "src/main/index.ts" } },
  },
  preload: {
    build: {
      outDir: "out/preload",
      // A sandboxed preload is one CommonJS file that requires nothing but electron.
      externalizeDeps: false,
      rolldownOptions: {
        input: "src/preload/index.ts",
        output: { format: "cjs", entryFileNames: "[name].cjs" },
      },
    },
  },
  renderer: rendererConfig,
});
