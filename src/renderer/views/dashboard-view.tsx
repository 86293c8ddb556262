import type { ReactNode } from "react";
export function DashboardView(): ReactNode {
  return null;
}
