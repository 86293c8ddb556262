import { defineConfig } from "electron-vite";
import { mergeConfig } from "vite";
import { fileURLToPath } from "node:url";
import { electronDevelopmentConfig, pagePortVariable } from "./src/main/development/page-config.ts";
import { rendererConfig } from "./vite.renderer.config.ts";

const packageFolder = fileURLToPath(new URL(".", import.meta.url));
const pagePort = Number(process.env[pagePortVariable] ?? 0);

/** Where Electron's two own bundles go; the page is described once, in vite.renderer.config.ts. */
export default defineConfig({
  main: {
    build: {
      outDir: "out",
      // The folders of the source are kept, so that paths relative to a module hold in both places.
      emptyOutDir: false,
      rolldownOptions: {
        input: ["src/main/index.ts", "src/main/models/process.ts", "src/main/models/orphan-watch.ts"],
        // An optional dependency finds its binary beside its own files.
        external: ["uiohook-napi"],
        output: { preserveModules: true, preserveModulesRoot: "src", entryFileNames: "[name].js" },
      },
    },
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
  renderer:
    pagePort > 0
      ? mergeConfig(rendererConfig, electronDevelopmentConfig(packageFolder, pagePort))
      : rendererConfig,
});
