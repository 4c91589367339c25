import type { InstanceHealth } from "../lib/nucleus/client/mod.ts";
import type { Style } from "./color.ts";

/** The health of an instance in the colour of how much it wants attention. */
export function styleHealth(health: InstanceHealth, style: Style): string {
  switch (health) {
    case "up":
      return style.green(health);
    case "degraded":
      return style.yellow(health);
    case "silent":
      return style.yellow("no answer");
    case "down":
      return style.red(health);
  }
}

/** How busy an instance is: `0%`, `37%`, `100%`. */
export function formatLoad(load: number): string {
  return `${Math.round(Math.min(1, Math.max(0, load)) * 100)}%`;
}
