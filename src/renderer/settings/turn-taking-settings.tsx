import type { ReactNode } from "react";
import { settingsSchema } from "../../shared/settings.ts";
import { useMicrophoneState } from "../components/microphone-switch.tsx";
import { ModeSwitch } from "../components/mode-switch.tsx";
import { VoiceMeter } from "../components/voice-meter.tsx";
import { useStores } from "../session-context.ts";
import { EchoRow } from "./echo-row.tsx";
import { RangeRow } from "./range-row.tsx";
import { Row, SelectRow, SliderRow, SwitchRow, useSetting } from "./setting.tsx";
import styles from "./settings.module.css";

const milliseconds = (value: number): string => `${value} ms`;

/** When a question begins and ends, and whether it may interrupt the answer. */
export function TurnTakingSettings(): ReactNode {
  const isHandsFree = useStores("settings", ({ settings }) => settings.turnTaking.mode === "hands-free");
  return (
    <>
      <Row
        title="How to talk"
        hint={
          isHandsFree
            ? "Speech begins a question and a pause sends it. The key works as well"
            : "A key or the button begins a question and sends it"
        }
      >
        <div className={styles["end"]}>
          <ModeSwitch />
        </div>
      </Row>
      <SwitchRow
        title="Answer ahead"
        hint="Prepares the answer while you pause. Nothing of it is heard before you are done"
        setting={useSetting("turnTaking", "speculate")}
      />
      <VoiceRows />
      <InterruptionRows />
    </>
  );
}

function VoiceRows(): ReactNode {
  const microphone = useMicrophoneState();
  return (
    <>
      <SliderRow
        title="Voice threshold"
        hint="How sure Parley must be that it hears a voice. Higher in noise, lower for a soft voice"
        setting={useSetting("turnTaking", "speechThreshold")}
        min={0.1}
        max={0.95}
        step={0.05}
        format={(value) => `${Math.round(value * 100)} %`}
      />
      <Row
        title="Heard now"
        hint={
          microphone === "armed"
            ? "Say something: the bar should pass the mark, and stay below it while you are silent"
            : "Turn the microphone on to see it"
        }
      >
        <VoiceMeter />
      </Row>
      <SliderRow
        title="Shortest speech"
        hint="Anything shorter is a click or a cough"
        setting={useSetting("turnTaking", "minSpeechMs")}
        min={32}
        max={1000}
        step={32}
        format={milliseconds}
      />
      <RangeRow
        title="Pause that ends a question"
        hint="Between these two: short after a finished sentence, long in the middle of one"
        from={useSetting("turnTaking", "minEndPauseMs")}
        to={useSetting("turnTaking", "maxEndPauseMs")}
        bounds={{ from: [150, 3000], to: [300, 6000] }}
        step={50}
        format={milliseconds}
      />
      <SwitchRow
        title="Adapt to how I speak"
        hint="Learns how long you pause within a sentence"
        setting={useSetting("turnTaking", "adaptive")}
      />
    </>
  );
}

const duplexNames = {
  auto: "Automatic: by the echo test",
  full: "Listen all the time",
  duck: "Lower the answer first",
  half: "Only while it is silent",
} as const;

function InterruptionRows(): ReactNode {
  const duplex = useSetting("turnTaking", "duplex");
  return (
    <>
      <SwitchRow
        title="Interrupt by speaking"
        hint="Hands-free only. The answer holds as soon as you are heard"
        setting={useSetting("turnTaking", "bargeIn")}
      />
      <SliderRow
        title="“Mm-hm” is shorter than"
        hint="After less than this the answer goes on where it stopped"
        setting={useSetting("turnTaking", "bargeInMs")}
        min={150}
        max={3000}
        step={50}
        format={milliseconds}
      />
      <SelectRow
        title="While it speaks"
        hint="How the answer and the microphone share the room"
        setting={duplex}
        groups={[
          {
            heading: null,
            options: Object.entries(duplexNames).map(([value, label]) => ({ value, label })),
          },
        ]}
        onChange={(value) => {
          const parsed = settingsSchema.safeParse({ turnTaking: { duplex: value } });
          if (parsed.success) duplex.save(parsed.data.turnTaking.duplex);
        }}
      />
      <EchoRow />
    </>
  );
}
