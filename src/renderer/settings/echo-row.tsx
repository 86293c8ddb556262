import { useState, type ReactNode } from "react";
import { AppError } from "../../shared/errors.ts";
import { echoSentence } from "../audio/echo-test.ts";
import { Button } from "../components/controls.tsx";
import { formatWhen } from "../components/when.ts";
import { useSession, useStores } from "../session-context.ts";
import { Row } from "./setting.tsx";
import styles from "./settings.module.css";

/** Measures how much of an answer the microphone hears, and tells what was found and chosen. */
export function EchoRow(): ReactNode {
  const session = useSession();
  const echo = useStores("settings", ({ settings }) => settings.turnTaking.echo);
  const ownsAudio = useStores("connection", (state) => state.ownsAudio);
  const [isTesting, setIsTesting] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const test = async (): Promise<void> => {
    setIsTesting(true);
    setProblem(null);
    try {
      await session.testEcho();
    } catch (error) {
      setProblem(AppError.from(error).message);
    } finally {
      setIsTesting(false);
    }
  };
  return (
    <Row
      title="Echo test"
      hint="Plays a short rising tone and listens to how much of it comes back"
      error={problem}
    >
      <Button disabled={isTesting || !ownsAudio} onClick={() => void test()}>
        {isTesting ? "Listening…" : echo ? "Test again" : "Test"}
      </Button>
      <div className={styles["support"]} role="status">
        {echo ? (
          <>
            <p>{echoSentence(echo)}</p>
            <p>
              {formatWhen(echo.measuredAtMs, Date.now())} · {echo.inputLabel || "microphone"} ·{" "}
              {echo.outputLabel}
            </p>
          </>
        ) : (
          !isTesting && <p>Not tested with these devices.</p>
        )}
      </div>
    </Row>
  );
}
