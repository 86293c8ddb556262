import { Menu } from "@base-ui/react/menu";
import { Tooltip } from "@base-ui/react/tooltip";
import type { ComponentProps, ReactElement, ReactNode } from "react";
import styles from "./controls.module.css";

/** Joins class names; empty parts fall out. */
export function classes(...names: (string | false | undefined)[]): string {
  return names.filter(Boolean).join(" ");
}

type ButtonProps = ComponentProps<"button"> & { readonly tone?: "plain" | "primary" | "danger" };

export function Button({ tone = "plain", className, ...props }: ButtonProps): ReactNode {
  return (
    <button
      type="button"
      className={classes(styles["button"], tone !== "plain" && styles[tone], className)}
      {...props}
    />
  );
}

type IconButtonProps = Omit<ComponentProps<"button">, "aria-label"> & {
  /** What it does: the name for screen readers and the tooltip. */
  readonly label: string;
};

export function IconButton({ label, className, children, ...props }: IconButtonProps): ReactNode {
  return (
    <Tooltip.Root>
      <Tooltip.Trigger
        render={
          <button
            type="button"
            aria-label={label}
            className={classes(styles["icon"], className)}
            {...props}
          />
        }
      >
        {children}
      </Tooltip.Trigger>
      <Tooltip.Portal>
        <Tooltip.Positioner sideOffset={6}>
          <Tooltip.Popup className={styles["tip"]}>{label}</Tooltip.Popup>
        </Tooltip.Positioner>
      </Tooltip.Portal>
    </Tooltip.Root>
  );
}

export function Badge(props: {
  readonly tone?: "plain" | "warn" | "bad" | "tide";
  readonly title?: string;
  readonly children: ReactNode;
}): ReactNode {
  return (
    <span className={styles["badge"]} data-tone={props.tone ?? "plain"} title={props.title}>
      {props.children}
    </span>
  );
}

export interface MenuChoice {
  readonly label: string;
  readonly icon?: ReactNode;
  readonly isDangerous?: boolean;
  readonly onChoose: () => void;
}

/** A menu behind `trigger`, which must be a button. */
export function ChoiceMenu(props: {
  readonly trigger: ReactElement;
  readonly choices: readonly MenuChoice[];
}): ReactNode {
  return (
    <Menu.Root>
      <Menu.Trigger render={props.trigger} />
      <Menu.Portal>
        <Menu.Positioner sideOffset={4} align="end">
          <Menu.Popup className={styles["popup"]}>
            {props.choices.map(({ label, icon, isDangerous, onChoose }) => (
              <Menu.Item
                key={label}
                className={styles["item"]}
                data-danger={isDangerous ? "" : undefined}
                onClick={onChoose}
              >
                {icon}
                {label}
              </Menu.Item>
            ))}
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  );
}
