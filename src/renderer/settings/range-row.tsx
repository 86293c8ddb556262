import { Slider } from "@base-ui/react/slider";
import { useState, type ReactNode } from "react";
import { Row, type Setting } from "./setting.tsx";
import styles from "./settings.module.css";

type Bounds = readonly [least: number, most: number];

/** Two numbers that bound something, on one slider: shown while they move, saved when they are let go. */
export function RangeRow(props: {
  readonly title: string;
  readonly hint: string;
  readonly from: Setting<number>;
  readonly to: Setting<number>;
  /** What each of the two may be; the slider spans both. */
  readonly bounds: { readonly from: Bounds; readonly to: Bounds };
  readonly step: number;
  readonly format: (value: number) => string;
}): ReactNode {
  const { title, hint, from, to, bounds, step, format } = props;
  const [moving, setMoving] = useState<readonly number[] | null>(null);
  const [shownFrom = from.value, shownTo = to.value] = moving ?? [from.value, to.value];
  const save = ([nextFrom = shownFrom, nextTo = shownTo]: readonly number[]): void => {
    setMoving(null);
    if (nextFrom !== from.value) from.save(Math.min(nextFrom, bounds.from[1]));
    if (nextTo !== to.value) to.save(Math.max(nextTo, bounds.to[0]));
  };
  const names = [`${title}: shortest`, `${title}: longest`];
  return (
    <Row title={title} hint={hint} error={from.error ?? to.error}>
      <Slider.Root
        className={styles["slider"]}
        value={[shownFrom, shownTo]}
        min={bounds.from[0]}
        max={bounds.to[1]}
        step={step}
        thumbCollisionBehavior="none"
        onValueChange={setMoving}
        onValueCommitted={save}
      >
        <Slider.Control className={styles["sliderControl"]}>
          <Slider.Track className={styles["track"]}>
            <Slider.Indicator className={styles["fill"]} />
            {names.map((name, index) => (
              <Slider.Thumb
                key={name}
                index={index}
                className={styles["knob"]}
                aria-label={name}
                getAriaValueText={(_formatted, value) => format(value)}
              />
            ))}
          </Slider.Track>
        </Slider.Control>
        <output className={styles["figure"]}>
          {shownFrom}–{format(shownTo)}
        </output>
      </Slider.Root>
    </Row>
  );
}
