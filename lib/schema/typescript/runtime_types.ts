import { embeddedRuntimeTypes } from "./embed.ts" with { type: "macro" };
import { unpacked } from "./packed.ts";

/**
 * The declaration files of Bun and Node without their comments, by path: `bun-types/index.d.ts` refers to the others.
 */
export async function loadRuntimeTypes(): Promise<Map<string, string>> {
  return new Map(Object.entries(unpacked(await embeddedRuntimeTypes()) as { [path: string]: string }));
}
