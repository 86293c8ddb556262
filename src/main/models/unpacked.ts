import path from "node:path";

/**
 * Where a file of the package lies for native code. Electron reads app.asar as if it were a folder, but ONNX Runtime opens
 * models by itself: those lie beside it, in app.asar.unpacked (electron-builder.yml). Any other path is itself.
 */
export function unpacked(file: string): string {
  return file.replace(`${path.sep}app.asar${path.sep}`, `${path.sep}app.asar.unpacked${path.sep}`);
}
