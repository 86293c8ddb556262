import { Field } from "@base-ui/react/field";
import { Slider } from "@base-ui/react/slider";
import { Switch } from "@base-ui/react/switch";
import { useEffect, useState, type ReactNode } from "react";
import type { Settings, SettingsPatch } from "../../shared/settings.ts";
import { classes } from "../components/controls.tsx";
import controls from "../components/controls.module.css";
import { SelectField, type SelectGroup } from "../components/select-field.tsx";
import { useSession, useStores } from "../session-context.ts";
import styles from "./settings.module.css";

type GroupName = Exclude<keyof Settings, "version">;

export interface Setting<T> {
  readonly value: T;
  /** What was wrong with the newest change; null when it was saved. */
  readonly error: string | null;
  readonly save: (value: T) => void;
}

/** One field of the settings, saved the moment it changes. */
export function useSetting<G extends GroupName, F extends keyof Settings[G] & string>(
  group: G,
  field: F,
): Setting<Settings[G][F]> {
  const { commands } = useSession();
  const value = useStores("settings", ({ settings }) => settings[group][field]);
  const [error, setError] = useState<string | null>(null);
  const save = (next: Settings[G][F]): void => {
    const patch: SettingsPatch = { [group]: { [field]: next } };
    void commands.updateSettings(patch).then(setError);
  };
  return { value, error, save };
}

interface RowProps {
  readonly title: string;
  readonly hint?: string | undefined;
  readonly error?: string | null;
  readonly children: ReactNode;
  /** The control needs the whole width, below its title. */
  readonly isWide?: boolean;
}

/** A setting's title, its control, and what is to be said about it. */
export function Row({ title, hint, error, children, isWide }: RowProps): ReactNode {
  return (
    <Field.Root className={styles["row"]} data-wide={isWide ? "" : undefined} invalid={Boolean(error)}>
      <div className={styles["rowText"]}>
        <Field.Label className={styles["rowTitle"]} nativeLabel={false} render={<span />}>
          {title}
        </Field.Label>
        {hint !== undefined && <Field.Description className={styles["hint"]}>{hint}</Field.Description>}
        {error && (
          <p className={styles["error"]} role="alert">
            {error}
          </p>
        )}
      </div>
      <div className={styles["control"]}>{children}</div>
    </Field.Root>
  );
}

type Common = Pick<RowProps, "title" | "hint">;

export function SwitchRow({ setting, ...common }: Common & { setting: Setting<boolean> }): ReactNode {
  return (
    <Row {...common} error={setting.error}>
      <Switch.Root
        className={styles["switch"]}
        aria-label={common.title}
        checked={setting.value}
        onCheckedChange={setting.save}
      >
        <Switch.Thumb className={styles["thumb"]} />
      </Switch.Root>
    </Row>
  );
}

export function SelectRow(
  props: Common & {
    readonly setting: { readonly value: string; readonly error: string | null };
    readonly groups: readonly SelectGroup[];
    readonly onChange: (value: string) => void;
  },
): ReactNode {
  const { setting, groups, onChange, ...common } = props;
  return (
    <Row {...common} error={setting.error}>
      <SelectField label={common.title} value={setting.value} groups={groups} onChange={onChange} />
    </Row>
  );
}

/** A number on a slider: shown while it moves, saved when it is let go. */
export function SliderRow(
  props: Common & {
    readonly setting: Setting<number>;
    readonly min: number;
    readonly max: number;
    readonly step: number;
    readonly format: (value: number) => string;
  },
): ReactNode {
  const { setting, min, max, step, format, ...common } = props;
  const [moving, setMoving] = useState<number | null>(null);
  const shown = moving ?? setting.value;
  return (
    <Row {...common} error={setting.error}>
      <Slider.Root
        className={styles["slider"]}
        value={shown}
        min={min}
        max={max}
        step={step}
        onValueChange={setMoving}
        onValueCommitted={(value) => {
          setMoving(null);
          setting.save(value);
        }}
      >
        <Slider.Control className={styles["sliderControl"]}>
          <Slider.Track className={styles["track"]}>
            <Slider.Indicator className={styles["fill"]} />
            <Slider.Thumb
              className={styles["knob"]}
              aria-label={common.title}
              getAriaValueText={() => format(shown)}
            />
          </Slider.Track>
        </Slider.Control>
        <output className={styles["figure"]}>{format(shown)}</output>
      </Slider.Root>
    </Row>
  );
}

/** Text that is saved when the person leaves the field. */
export function TextRow(
  props: Common & {
    readonly setting: Setting<string>;
    readonly maxLength: number;
    readonly placeholder: string;
    readonly rows?: number;
  },
): ReactNode {
  const { setting, maxLength, placeholder, rows, ...common } = props;
  const [text, setText] = useState(setting.value);
  useEffect(() => setText(setting.value), [setting.value]);
  const shared = {
    "aria-label": common.title,
    className: classes(controls["input"]),
    value: text,
    maxLength,
    placeholder,
    onBlur: () => {
      if (text !== setting.value) setting.save(text);
    },
  };
  return (
    <Row {...common} error={setting.error} isWide={rows !== undefined}>
      {rows === undefined ? (
        <input {...shared} onChange={(event) => setText(event.target.value)} />
      ) : (
        <textarea {...shared} rows={rows} onChange={(event) => setText(event.target.value)} />
      )}
    </Row>
  );
}
