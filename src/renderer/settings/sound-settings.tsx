import { useEffect, useRef, type ReactNode } from "react";
import type { AudioDevice } from "../audio/devices.ts";
import { levelFraction } from "../components/level-ring.ts";
import type { SelectGroup } from "../components/select-field.tsx";
import { useSession, useStores } from "../session-context.ts";
import { Row, SelectRow, SliderRow, SwitchRow, useSetting } from "./setting.tsx";
import styles from "./settings.module.css";

const formatMilliseconds = (value: number): string => `${value} ms`;

/** Microphone and speaker. */
export function SoundSettings(): ReactNode {
  const input = useSetting("audio", "inputDeviceId");
  const output = useSetting("audio", "outputDeviceId");
  const { inputs, outputs } = useStores("microphone", (state) => state.devices);
  return (
    <>
      <SelectRow
        title="Microphone"
        hint="“System default” follows when you plug another one in"
        setting={input}
        groups={deviceGroups(inputs, input.value)}
        onChange={input.save}
      />
      <LevelRow />
      <SwitchRow
        title="Echo cancellation"
        hint="Keeps Parley from hearing itself through the speakers"
        setting={useSetting("audio", "echoCancellation")}
      />
      <SwitchRow
        title="Noise suppression"
        hint="The browser's own. The model copes with noise; try it in a loud room"
        setting={useSetting("audio", "noiseSuppression")}
      />
      <SelectRow
        title="Speaker"
        setting={output}
        groups={deviceGroups(outputs, output.value)}
        onChange={output.save}
      />
      <SliderRow
        title="Volume"
        setting={useSetting("audio", "volume")}
        min={0}
        max={1}
        step={0.05}
        format={(value) => `${Math.round(value * 100)} %`}
      />
      <SliderRow
        title="Kept from before the press"
        hint="So that the first word is never cut off"
        setting={useSetting("audio", "preRollMs")}
        min={0}
        max={2000}
        step={50}
        format={formatMilliseconds}
      />
      <SliderRow
        title="Kept after the release"
        hint="For those who let go on the last syllable; adds to the time to the answer"
        setting={useSetting("audio", "tailMs")}
        min={0}
        max={500}
        step={20}
        format={formatMilliseconds}
      />
    </>
  );
}

/** A chosen device that is unplugged stays in the list: it is used again when it is back. */
function deviceGroups(devices: readonly AudioDevice[], chosen: string): SelectGroup[] {
  const isThere = chosen === "default" || devices.some(({ id }) => id === chosen);
  const options = [
    { value: "default", label: "System default" },
    ...devices.map(({ id, label }) => ({ value: id, label })),
    ...(isThere ? [] : [{ value: chosen, label: "Chosen device (not plugged in)" }]),
  ];
  return [{ heading: null, options }];
}

/** Says something to see whether the microphone hears it. */
function LevelRow(): ReactNode {
  const { stores } = useSession();
  const bar = useRef<HTMLDivElement>(null);
  const state = useStores("microphone", (microphone) => microphone.state);
  useEffect(
    () =>
      stores.level.subscribe(({ rms }) => {
        bar.current?.style.setProperty("transform", `scaleX(${levelFraction(rms).toFixed(3)})`);
      }),
    [stores],
  );
  return (
    <Row title="Level" hint={state === "armed" ? "Say something" : "Turn the microphone on to see it"}>
      <div className={styles["level"]} aria-hidden>
        <div ref={bar} />
      </div>
    </Row>
  );
}
