import { CSPProvider } from "@base-ui/react/csp-provider";
import { Toast } from "@base-ui/react/toast";
import { Tooltip } from "@base-ui/react/tooltip";
import { useEffect, useSyncExternalStore, type ReactNode } from "react";
import { routeOf, type Route } from "./bridge/view.ts";
import { notices } from "./components/notices.ts";
import { Notices } from "./components/notice-list.tsx";
import { LibraryView } from "./library/library-view.tsx";
import { SessionContext, useStores } from "./session-context.ts";
import type { Session } from "./session/session.ts";
import { Shell } from "./views/shell.tsx";
import { DashboardView } from "./views/dashboard-view.tsx";
import { OverlayView } from "./views/overlay-view.tsx";
import { SettingsView } from "./views/settings-view.tsx";
import { TalkView } from "./views/talk-view.tsx";
import { useTalkKeys } from "./views/use-talk-keys.ts";

const titles: Readonly<Record<Route, string>> = {
  talk: "Parley",
  dashboard: "Latency · Parley",
  models: "Models · Parley",
  settings: "Settings · Parley",
  overlay: "Parley overlay",
};

/** The whole page: providers around the view its address names. */
export function App({ session }: { session: Session }): ReactNode {
  return (
    <SessionContext value={session}>
      <CSPProvider disableStyleElements>
        <Toast.Provider toastManager={notices} limit={3}>
          <Tooltip.Provider delay={500}>
            <Pages />
          </Tooltip.Provider>
          <Notices />
        </Toast.Provider>
      </CSPProvider>
    </SessionContext>
  );
}

function Pages(): ReactNode {
  const route = useRoute();
  useAppearance();
  useTalkKeys(route);
  useEffect(() => {
    document.title = titles[route];
  }, [route]);
  if (route === "overlay") return <OverlayView />;
  return (
    <Shell route={route}>
      {route === "talk" && <TalkView />}
      {route === "dashboard" && <DashboardView />}
      {route === "models" && <LibraryView />}
      {route === "settings" && <SettingsView />}
    </Shell>
  );
}

function useRoute(): Route {
  return useSyncExternalStore(
    (onChange) => {
      window.addEventListener("hashchange", onChange);
      return () => window.removeEventListener("hashchange", onChange);
    },
    () => routeOf(location.hash),
  );
}

/** Puts theme and motion on the root element, where the styles look for them. */
function useAppearance(): void {
  const theme = useStores("settings", ({ settings }) => settings.appearance.theme);
  const motion = useStores("settings", ({ settings }) => settings.appearance.motion);
  const isReducedBySystem = useMedia("(prefers-reduced-motion: reduce)");
  const isReduced = motion === "reduced" || (motion === "system" && isReducedBySystem);
  useEffect(() => {
    const { dataset } = document.documentElement;
    dataset["theme"] = theme;
    dataset["motion"] = isReduced ? "reduced" : "full";
  }, [theme, isReduced]);
}

function useMedia(query: string): boolean {
  return useSyncExternalStore(
    (onChange) => {
      const list = matchMedia(query);
      list.addEventListener("change", onChange);
      return () => list.removeEventListener("change", onChange);
    },
    () => matchMedia(query).matches,
  );
}
