import type { CatalogInstance } from "../lib/nucleus/client/mod.ts";
import type { Style } from "./color.ts";

/** How an instance does, in the colour of how much it wants attention. */
export function styleHealth({ health, isSilent }: Pick<CatalogInstance, "health" | "isSilent">, style: Style): string {
  if (isSilent) return style.yellow("no answer");
  switch (health) {
    case "up":
      return style.green(health);
    case "degraded":
      return style.yellow(health);
    case "down":
      return style.red(health);
  }
}

/** How busy an instance is: `0%`, `37%`, `100%`. */
export function formatLoad(load: number): string {
  return `${Math.round(Math.min(1, Math.max(0, load)) * 100)}%`;
}
