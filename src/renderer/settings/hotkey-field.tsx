import { useState, type KeyboardEvent, type ReactNode } from "react";
import { Button } from "../components/controls.tsx";
import { useStores } from "../session-context.ts";
import { acceleratorOf } from "./accelerator-of.ts";
import { Row, useSetting } from "./setting.tsx";
import styles from "./settings.module.css";

/** The desktop-wide key: press it to set it, and read what this system can do with it. */
export function HotkeyField(): ReactNode {
  const setting = useSetting("pushToTalk", "globalKey");
  const hotkey = useStores("connection", (state) => state.hotkey);
  const host = useStores("connection", (state) => state.host);
  const [isListening, setIsListening] = useState(false);
  const onKeyDown = (event: KeyboardEvent): void => {
    if (!isListening) return;
    // Tab must go on moving the focus, or the field would be a trap.
    if (event.code === "Tab" && !event.ctrlKey && !event.altKey && !event.metaKey) return;
    event.preventDefault();
    event.stopPropagation();
    if (event.code === "Escape") {
      setIsListening(false);
      return;
    }
    const accelerator = acceleratorOf(event.nativeEvent);
    if (accelerator === null) return;
    setting.save(accelerator);
    setIsListening(false);
  };
  return (
    <Row
      title="Key for the whole desktop"
      hint={
        host === "browser" ? undefined : "Works in every program. Hold, tap, or press while Parley speaks."
      }
      error={setting.error}
    >
      <div className={styles["hotkey"]}>
        <button
          type="button"
          className={styles["capture"]}
          data-listening={isListening ? "" : undefined}
          aria-label={isListening ? "Press the new key" : `Key: ${setting.value || "none"}. Press to change`}
          onClick={() => setIsListening(true)}
          onKeyDown={onKeyDown}
          onBlur={() => setIsListening(false)}
        >
          {isListening ? (
            "Press a key… Esc to cancel"
          ) : setting.value === "" ? (
            "None"
          ) : (
            <kbd>{setting.value}</kbd>
          )}
        </button>
        {setting.value !== "" && <Button onClick={() => setting.save("")}>Clear</Button>}
      </div>
      {hotkey && (
        <p className={styles["support"]} data-level={hotkey.level}>
          {hotkey.reason ?? `Works fully here (${hotkey.backend}).`}
        </p>
      )}
    </Row>
  );
}
