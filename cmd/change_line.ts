import type { Change } from "../lib/schema/mod.ts";
import type { Style } from "./color.ts";

/** One line for one difference of two schemas. */
export function changeLine({ path, compatible, message }: Change, style: Style): string {
  const verdict = compatible ? style.green("compatible") : style.red("breaking  ");
  return `${verdict}  ${style.bold(path)}: ${message}`;
}
