import { contextBridge, ipcRenderer } from "electron";

/**
 * The whole of what a page of Parley gets beyond the web: a way to ask for its port to the main side. `contextBridge`
 * cannot carry a MessagePort, so it arrives as a window message of the page's own origin.
 */
contextBridge.exposeInMainWorld("parley", {
  connect(view: unknown): void {
    const { port1, port2 } = new MessageChannel();
    ipcRenderer.postMessage("parley:connect", { view }, [port1]);
    window.postMessage({ type: "parley:port" }, window.location.origin, [port2]);
  },
});
