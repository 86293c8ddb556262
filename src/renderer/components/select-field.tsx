import { Select } from "@base-ui/react/select";
import { Check, ChevronsUpDown } from "lucide-react";
import type { ReactNode } from "react";
import controls from "./controls.module.css";
import styles from "./select-field.module.css";

export interface SelectOption {
  readonly value: string;
  readonly label: string;
}

export interface SelectGroup {
  /** Null for options without a heading. */
  readonly heading: string | null;
  readonly options: readonly SelectOption[];
}

/** A list to choose one from. `label` names it for screen readers where `labelledBy` does not. */
export function SelectField(props: {
  readonly value: string;
  readonly groups: readonly SelectGroup[];
  readonly label: string;
  readonly isCompact?: boolean;
  readonly onChange: (value: string) => void;
}): ReactNode {
  const items = props.groups.flatMap(({ options }) => options);
  return (
    <Select.Root
      items={items}
      value={props.value}
      onValueChange={(value) => {
        if (value !== null) props.onChange(value);
      }}
    >
      <Select.Trigger
        className={styles["trigger"]}
        aria-label={props.label}
        data-compact={props.isCompact ? "" : undefined}
      >
        <Select.Value className={styles["value"]} />
        <Select.Icon className={styles["icon"]}>
          <ChevronsUpDown aria-hidden size={14} />
        </Select.Icon>
      </Select.Trigger>
      <Select.Portal>
        <Select.Positioner sideOffset={4} alignItemWithTrigger={false} className={styles["positioner"]}>
          <Select.Popup className={`${controls["popup"]} ${styles["popup"]}`}>
            <Select.List>
              {props.groups.map(({ heading, options }) => (
                <Select.Group key={heading ?? ""}>
                  {heading !== null && (
                    <Select.GroupLabel className={styles["heading"]}>{heading}</Select.GroupLabel>
                  )}
                  {options.map(({ value, label }) => (
                    <Select.Item key={value} value={value} className={controls["item"]}>
                      <Select.ItemText className={styles["text"]}>{label}</Select.ItemText>
                      <Select.ItemIndicator>
                        <Check aria-hidden size={14} />
                      </Select.ItemIndicator>
                    </Select.Item>
                  ))}
                </Select.Group>
              ))}
            </Select.List>
          </Select.Popup>
        </Select.Positioner>
      </Select.Portal>
    </Select.Root>
  );
}
