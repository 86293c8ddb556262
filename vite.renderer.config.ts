import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig, type UserConfig } from "vite";

const root = fileURLToPath(new URL("src/renderer/", import.meta.url));

/**
 * How the page is built, for both hosts: electron-vite takes this object too (electron.vite.config.ts).
 * The base is relative because Electron serves the bundle under its own protocol. Nothing is inlined as a `data:`
 * URL: the page's content security policy allows scripts and styles from its own origin only.
 */
export const rendererConfig = {
  root,
  base: "./",
  plugins: [react()],
  build: {
    outDir: fileURLToPath(new URL("out/renderer/", import.meta.url)),
    emptyOutDir: true,
    assetsInlineLimit: 0,
    target: "chrome130",
    modulePreload: { polyfill: false },
    rolldownOptions: { input: `${root}index.html` },
  },
  worker: { format: "es" },
} satisfies UserConfig;

export default defineConfig(rendererConfig);
