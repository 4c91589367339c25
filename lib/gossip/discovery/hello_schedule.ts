import { MINUTE, SECOND } from "../../base/mod.ts";

/** Gaps after the first hellos: datagrams get lost, and a switch takes seconds to learn of a new listener. */
const FIRST_GAPS_MS = [1 * SECOND, 2 * SECOND, 4 * SECOND, 8 * SECOND, 16 * SECOND];
/** While nobody else is known. */
export const HELLO_ALONE_MS = 30 * SECOND;
/** When others are known; finds parts of a cluster that do not know of each other. */
export const HELLO_MS = 5 * MINUTE;
/** Of the time, by chance, so that nodes that started together do not speak together. */
const JITTER = 0.2;

/** How long after its `sent`th hello (from 1) a node says the next one. `chance` is from 0 to below 1. */
export function helloDelayMs(sent: number, isAlone: boolean, chance: number): number {
  const gapMs = FIRST_GAPS_MS[sent - 1] ?? (isAlone ? HELLO_ALONE_MS : HELLO_MS);
  return gapMs * (1 - JITTER / 2 + JITTER * chance);
}
