import { createContext, use, useCallback, useSyncExternalStore } from "react";
import type { StoreApi } from "zustand/vanilla";
import type { Session } from "./session/session.ts";
import { FrameListeners } from "./stores/frame-listeners.ts";
import type { States } from "./stores/stores.ts";

/** One for all views, so that all of them are rendered together. */
const frameListeners = new FrameListeners();

export const SessionContext = createContext<Session | null>(null);

/** The session of this window. */
export function useSession(): Session {
  const session = use(SessionContext);
  if (!session) throw new Error("useSession outside of <App>");
  return session;
}

/** Renders from one store, at most once a frame; keep the selector narrow. */
export function useStores<K extends keyof States, T>(name: K, select: (state: States[K]) => T): T {
  const store: StoreApi<States[K]> = useSession().stores[name];
  const subscribe = useCallback(
    (onChange: () => void) => frameListeners.subscribe(store.subscribe, onChange),
    [store],
  );
  return useSyncExternalStore(subscribe, () => select(store.getState()));
}
