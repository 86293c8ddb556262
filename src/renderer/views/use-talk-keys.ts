import { useEffect } from "react";
import type { Route } from "../bridge/view.ts";
import { useSession } from "../session-context.ts";
import { isSpaceTaken, isTyping } from "../session/push-to-talk.ts";

/** Space talks anywhere in the window, M mutes, Escape stops; every gesture lets held-back sound start. */
export function useTalkKeys(route: Route): void {
  const session = useSession();
  useEffect(() => {
    if (route === "overlay") return undefined;
    const { talk, stores, sound, listening } = session;
    const ended = new AbortController();
    const options = { signal: ended.signal };
    let isSpaceDown = false;

    const onKeyDown = (event: KeyboardEvent): void => {
      sound.wake();
      if (event.key === "Escape" && !event.defaultPrevented) {
        listening.dismiss();
        talk.escape();
        const { phase } = stores.assistant.getState();
        if (phase === "speaking" || phase === "thinking") listening.interrupt();
      }
      if (event.ctrlKey || event.altKey || event.metaKey) return;
      if (!stores.settings.getState().settings.pushToTalk.spaceInWindow) return;
      if (event.key.toLowerCase() === "m" && !event.repeat && !isTyping(event.target)) listening.toggle();
      if (event.code !== "Space" || (!isSpaceDown && isSpaceTaken(event.target))) return;
      // The page would scroll, and a focused talk button would be clicked at the key's release.
      event.preventDefault();
      isSpaceDown = true;
      talk.down("space", event.timeStamp, event.repeat);
    };
    const onKeyUp = (event: KeyboardEvent): void => {
      if (event.code !== "Space" || !isSpaceDown) return;
      event.preventDefault();
      isSpaceDown = false;
      talk.up(event.timeStamp);
    };
    const onBlur = (): void => {
      isSpaceDown = false;
      talk.blur();
    };
    const onPointerDown = (): void => {
      sound.wake();
      listening.wake();
    };
    window.addEventListener("keydown", onKeyDown, options);
    window.addEventListener("keyup", onKeyUp, options);
    window.addEventListener("blur", onBlur, options);
    window.addEventListener("pointerdown", onPointerDown, options);
    return () => ended.abort();
  }, [route, session]);
}
