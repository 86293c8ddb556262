import { Play, Square } from "lucide-react";
import { useState, type ReactNode } from "react";
import { voiceLanguages, voices } from "../../shared/voices.ts";
import { Button } from "../components/controls.tsx";
import { SelectField, type SelectGroup } from "../components/select-field.tsx";
import { useSession, useStores } from "../session-context.ts";
import { Row, SliderRow, SwitchRow, useSetting } from "./setting.tsx";
import styles from "./settings.module.css";

const languageNames = new Intl.DisplayNames("en", { type: "language" });

const voiceGroups: readonly SelectGroup[] = voiceLanguages.map((language) => ({
  heading: languageNames.of(language) ?? language,
  options: voices
    .filter((voice) => voice.language === language)
    .map(({ id, name, gender }) => ({ value: id, label: `${name} · ${gender}` })),
}));

/** Who speaks, and how fast. */
export function VoiceSettings(): ReactNode {
  const voice = useSetting("voice", "id");
  const speed = useSetting("voice", "speed");
  return (
    <>
      <Row
        title="Voice"
        hint={`${voices.length} voices in ${voiceLanguages.length} languages`}
        error={voice.error}
      >
        <div className={styles["pair"]}>
          <SelectField label="Voice" value={voice.value} groups={voiceGroups} onChange={voice.save} />
          <Preview voice={voice.value} speed={speed.value} />
        </div>
      </Row>
      <SliderRow
        title="Speed"
        setting={speed}
        min={0.5}
        max={2}
        step={0.05}
        format={(value) => `${value.toFixed(2)}×`}
      />
      <SwitchRow
        title="Follow the language"
        hint="A reply in another language is spoken by a voice of that language"
        setting={useSetting("voice", "followLanguage")}
      />
    </>
  );
}

function Preview({ voice, speed }: { voice: string; speed: number }): ReactNode {
  const { commands, sound } = useSession();
  const [previewId, setPreviewId] = useState<string | null>(null);
  const isPlaying = useStores(
    "captions",
    ({ turnId, hasEnded }) => previewId !== null && turnId === previewId && !hasEnded,
  );
  const play = async (): Promise<void> => {
    sound.wake();
    setPreviewId(await commands.previewVoice(voice, speed));
  };
  return isPlaying ? (
    <Button onClick={() => previewId !== null && sound.stop(previewId, 10)}>
      <Square aria-hidden size={14} />
      Stop
    </Button>
  ) : (
    <Button onClick={() => void play()}>
      <Play aria-hidden size={14} />
      Listen
    </Button>
  );
}
