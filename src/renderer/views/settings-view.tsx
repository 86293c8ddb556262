import type { ReactNode } from "react";
import { settingsSchema } from "../../shared/settings.ts";
import { useStores } from "../session-context.ts";
import { HotkeyField } from "../settings/hotkey-field.tsx";
import { ModelSettings } from "../settings/model-settings.tsx";
import { SelectRow, SliderRow, SwitchRow, TextRow, useSetting } from "../settings/setting.tsx";
import { SoundSettings } from "../settings/sound-settings.tsx";
import { TurnTakingSettings } from "../settings/turn-taking-settings.tsx";
import { VoiceSettings } from "../settings/voice-settings.tsx";
import styles from "../settings/settings.module.css";

/** Everything a person can set, saved as it is changed. */
export function SettingsView(): ReactNode {
  const version = useStores("connection", (state) => state.version);
  return (
    <div className={styles["view"]}>
      <Group title="Voice" about="Who answers, and how fast.">
        <VoiceSettings />
      </Group>
      <Group
        title="Push to talk"
        about="Hold to talk, tap to start and stop, press while it speaks to interrupt."
      >
        <TalkSettings />
      </Group>
      <Group
        title="Turn-taking"
        about="When a question begins and ends, and how to get a word in. The listening itself is always done on this machine."
      >
        <TurnTakingSettings />
      </Group>
      <Group title="Sound" about="Devices are followed as you plug them in and out.">
        <SoundSettings />
      </Group>
      <Group title="Answers" about="What Parley should know and how it should speak.">
        <AnswerSettings />
      </Group>
      <Group title="Appearance" about="How the window looks and what it shows.">
        <AppearanceSettings />
      </Group>
      <Group title="Models" about="They run on this machine, each in a process of its own.">
        <ModelSettings />
      </Group>
      <Group title="Data" about="Everything stays on this machine.">
        <SwitchRow
          title="Keep conversations"
          hint="Off: a conversation is gone when you close it"
          setting={useSetting("data", "keepHistory")}
        />
        <SwitchRow title="Keep latency figures" setting={useSetting("data", "keepLatencyRecords")} />
      </Group>
      {version !== "" && <p className={styles["version"]}>Parley {version}</p>}
    </div>
  );
}

function Group({ title, about, children }: { title: string; about: string; children: ReactNode }): ReactNode {
  return (
    <section className={styles["group"]} aria-label={title}>
      <header>
        <h2>{title}</h2>
        <p>{about}</p>
      </header>
      <div className={styles["rows"]}>{children}</div>
    </section>
  );
}

function TalkSettings(): ReactNode {
  return (
    <>
      <HotkeyField />
      <SwitchRow
        title="Keys of this window"
        hint="Space talks and M mutes, except while you type or use a control"
        setting={useSetting("pushToTalk", "spaceInWindow")}
      />
      <SliderRow
        title="A tap is shorter than"
        setting={useSetting("pushToTalk", "tapMs")}
        min={80}
        max={1000}
        step={10}
        format={(value) => `${value} ms`}
      />
    </>
  );
}

function AnswerSettings(): ReactNode {
  return (
    <>
      <TextRow
        title="Instructions"
        hint="Said to the model before every conversation"
        setting={useSetting("assistant", "instructions")}
        maxLength={4000}
        rows={4}
        placeholder="For example: Answer in one or two short sentences."
      />
      <SliderRow
        title="Longest answer"
        setting={useSetting("assistant", "maxNewTokens")}
        min={16}
        max={4096}
        step={16}
        format={(value) => `${value} tokens`}
      />
      <SliderRow
        title="Temperature"
        hint="0 always gives the likeliest answer"
        setting={useSetting("assistant", "temperature")}
        min={0}
        max={2}
        step={0.05}
        format={(value) => value.toFixed(2)}
      />
      <SliderRow
        title="Top-p"
        hint="Counts only when the temperature is above 0"
        setting={useSetting("assistant", "topP")}
        min={0}
        max={1}
        step={0.01}
        format={(value) => value.toFixed(2)}
      />
      <SwitchRow
        title="Write down what I say"
        hint="After the answer, so that it never waits"
        setting={useSetting("assistant", "transcribeUser")}
      />
    </>
  );
}

function AppearanceSettings(): ReactNode {
  const theme = useSetting("appearance", "theme");
  const motion = useSetting("appearance", "motion");
  return (
    <>
      <SelectRow
        title="Theme"
        setting={theme}
        groups={choices({ system: "As the system", light: "Light", dark: "Dark" })}
        onChange={(value) => {
          const parsed = settingsSchema.safeParse({ appearance: { theme: value } });
          if (parsed.success) theme.save(parsed.data.appearance.theme);
        }}
      />
      <SelectRow
        title="Motion"
        setting={motion}
        groups={choices({ system: "As the system", full: "Full", reduced: "Reduced" })}
        onChange={(value) => {
          const parsed = settingsSchema.safeParse({ appearance: { motion: value } });
          if (parsed.success) motion.save(parsed.data.appearance.motion);
        }}
      />
      <SwitchRow
        title="Captions"
        hint="Marks each word as it is spoken"
        setting={useSetting("appearance", "captions")}
      />
      <SwitchRow
        title="Latency of the turn"
        hint="Each token with its own latency, and the four figures"
        setting={useSetting("appearance", "tokenOverlay")}
      />
      <SwitchRow
        title="Sounds"
        hint="Short tones when Parley begins to listen, has heard you, goes on, or is muted"
        setting={useSetting("appearance", "earcons")}
      />
    </>
  );
}

function choices(
  names: Readonly<Record<string, string>>,
): { heading: null; options: { value: string; label: string }[] }[] {
  return [{ heading: null, options: Object.entries(names).map(([value, label]) => ({ value, label })) }];
}
