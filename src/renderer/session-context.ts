import { createContext, use } from "react";
import { useStore, type StoreApi } from "zustand";
import type { Session } from "./session/session.ts";
import type { States } from "./stores/stores.ts";

export const SessionContext = createContext<Session | null>(null);

/** The session of this window. */
export function useSession(): Session {
  const session = use(SessionContext);
  if (!session) throw new Error("useSession outside of <App>");
  return session;
}

/** Renders from one store; keep the selector narrow. */
export function useStores<K extends keyof States, T>(name: K, select: (state: States[K]) => T): T {
  const store: StoreApi<States[K]> = useSession().stores[name];
  return useStore(store, select);
}
