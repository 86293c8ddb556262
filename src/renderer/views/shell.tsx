import { Dialog } from "@base-ui/react/dialog";
import { AudioWaveform, Boxes, Gauge, Keyboard, Menu, Settings2 } from "lucide-react";
import { useEffect, useMemo, useState, type ReactNode } from "react";
import type { Route } from "../bridge/view.ts";
import { ConversationList } from "../components/conversation-list.tsx";
import { Badge, IconButton } from "../components/controls.tsx";
import { MicrophoneSwitch } from "../components/microphone-switch.tsx";
import { ShortcutsDialog } from "../components/dialogs.tsx";
import { StatusBanner } from "../components/status-banner.tsx";
import { useStores } from "../session-context.ts";
import { useShortcuts } from "./use-shortcuts.ts";
import styles from "./shell.module.css";

const pages: readonly { route: Route; hash: string; name: string; Icon: typeof Gauge }[] = [
  { route: "talk", hash: "#/", name: "Conversation", Icon: AudioWaveform },
  { route: "dashboard", hash: "#/dashboard", name: "Latency", Icon: Gauge },
  { route: "models", hash: "#/models", name: "Models", Icon: Boxes },
  { route: "settings", hash: "#/settings", name: "Settings", Icon: Settings2 },
];

/** The frame of the main window: history and navigation at the side, or in a drawer where the window is narrow. */
export function Shell({ route, children }: { route: Route; children: ReactNode }): ReactNode {
  const [isDrawerOpen, setIsDrawerOpen] = useState(false);
  const [isHelpOpen, setIsHelpOpen] = useState(false);
  const globalKey = useStores("settings", ({ settings }) => settings.pushToTalk.globalKey);
  const hotkeyLevel = useStores("connection", ({ hotkey }) => hotkey?.level ?? "none");
  const show = useMemo(
    () => ({ help: () => setIsHelpOpen(true), search: () => setIsDrawerOpen(!focusSearch()) }),
    [],
  );
  useShortcuts(show);
  useEffect(() => setIsDrawerOpen(false), [route]);
  return (
    <div className={styles["shell"]}>
      <a className={styles["skip"]} href="#main" onClick={skipToMain}>
        Skip to the content
      </a>
      <aside className={styles["side"]} aria-label="Conversations and pages">
        <SideContent route={route} onHelp={show.help} />
      </aside>
      <div className={styles["body"]}>
        <header className={styles["bar"]}>
          <Dialog.Root open={isDrawerOpen} onOpenChange={setIsDrawerOpen}>
            <Dialog.Trigger
              className={styles["drawerButton"]}
              render={
                <IconButton label="Conversations and pages">
                  <Menu aria-hidden size={20} />
                </IconButton>
              }
            />
            <Dialog.Portal>
              <Dialog.Backdrop className={styles["backdrop"]} />
              <Dialog.Popup className={styles["drawer"]} aria-label="Conversations and pages">
                <SideContent route={route} onHelp={show.help} onChosen={() => setIsDrawerOpen(false)} />
              </Dialog.Popup>
            </Dialog.Portal>
          </Dialog.Root>
          <PageTitle route={route} />
          <DemoBadge />
          <MicrophoneSwitch />
        </header>
        <StatusBanner />
        <main id="main" tabIndex={-1} className={styles["main"]}>
          {children}
        </main>
      </div>
      <ShortcutsDialog
        isOpen={isHelpOpen}
        globalKey={hotkeyLevel === "none" ? "" : globalKey}
        onClose={() => setIsHelpOpen(false)}
      />
    </div>
  );
}

function SideContent(props: { route: Route; onHelp: () => void; onChosen?: () => void }): ReactNode {
  return (
    <>
      <div className={styles["brand"]}>
        <img src="./icon.svg" alt="" width={26} height={26} />
        Parley
      </div>
      <ConversationList {...(props.onChosen ? { onOpened: props.onChosen } : {})} />
      <nav className={styles["nav"]} aria-label="Pages">
        {pages.map(({ route, hash, name, Icon }) => (
          <a key={route} href={hash} aria-current={route === props.route ? "page" : undefined}>
            <Icon aria-hidden size={17} />
            {name}
          </a>
        ))}
        <button type="button" onClick={props.onHelp}>
          <Keyboard aria-hidden size={17} />
          Keyboard
        </button>
      </nav>
    </>
  );
}

function PageTitle({ route }: { route: Route }): ReactNode {
  const title = useStores("conversations", ({ current }) => current?.summary.title);
  const page = pages.find((candidate) => candidate.route === route);
  return <h1 className={styles["title"]}>{route === "talk" ? title || "New conversation" : page?.name}</h1>;
}

function DemoBadge(): ReactNode {
  const isDemo = useStores("engine", ({ engine }) => engine?.isDemo ?? false);
  if (!isDemo) return null;
  return (
    <a
      className={styles["demo"]}
      href="#/models"
      title="Small models that answer a handful of questions. Get real ones."
    >
      <Badge tone="warn">Demo models</Badge>
    </a>
  );
}

/** Focuses the search field beside the conversation; false where a narrow window keeps it in the drawer. */
function focusSearch(): boolean {
  const field = [...document.querySelectorAll<HTMLElement>("[data-search]")].find(
    (candidate) => candidate.offsetParent !== null,
  );
  field?.focus();
  return field !== undefined;
}

function skipToMain(event: { preventDefault(): void }): void {
  // The hash is the page's address: a jump must not change it.
  event.preventDefault();
  document.getElementById("main")?.focus();
}
