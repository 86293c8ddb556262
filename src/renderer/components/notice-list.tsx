import { Toast } from "@base-ui/react/toast";
import { CircleAlert, Info, TriangleAlert, X } from "lucide-react";
import type { ReactNode } from "react";
import styles from "./notice-list.module.css";

const icons = { info: Info, warning: TriangleAlert, error: CircleAlert };

/** The notices in the corner; Base UI announces them to screen readers. */
export function Notices(): ReactNode {
  const { toasts } = Toast.useToastManager();
  return (
    <Toast.Portal>
      <Toast.Viewport className={styles["viewport"]}>
        {toasts.map((toast) => {
          const level = toast.type === "error" || toast.type === "warning" ? toast.type : "info";
          const Icon = icons[level];
          return (
            <Toast.Root key={toast.id} toast={toast} className={styles["notice"]} data-level={level}>
              <Toast.Content className={styles["content"]}>
                <Icon aria-hidden size={18} className={styles["icon"]} />
                <Toast.Description className={styles["text"]} />
                <Toast.Close className={styles["close"]} aria-label="Dismiss">
                  <X aria-hidden size={16} />
                </Toast.Close>
              </Toast.Content>
            </Toast.Root>
          );
        })}
      </Toast.Viewport>
    </Toast.Portal>
  );
}
