import { SECOND } from "../../base/mod.ts";

/** For so long an instance is passed over that could not be reached; each further time for twice as long... */
export const PASSED_OVER_FIRST_MS = 1 * SECOND;
/** ...up to this. */
export const PASSED_OVER_MS_MAX = 30 * SECOND;
/** Of more instances than this all is forgotten; it is found out again. */
export const UNREACHABLE_MAX = 1_024;

/** Which instances could not be reached of late: trying a machine that is gone takes seconds, one that refuses does not. */
export class Unreachable {
  readonly #known = new Map<string, { readonly untilMs: number; readonly waitMs: number }>();

  add(id: string, nowMs: number): void {
    const before = this.#known.get(id);
    const waitMs = before === undefined ? PASSED_OVER_FIRST_MS : Math.min(2 * before.waitMs, PASSED_OVER_MS_MAX);
    if (this.#known.size >= UNREACHABLE_MAX) this.#known.clear();
    this.#known.set(id, { untilMs: nowMs + waitMs, waitMs });
  }

  /** The instance was reached. */
  forget(id: string): void {
    this.#known.delete(id);
  }

  /** Whether another instance is to be tried before this one. */
  has(id: string, nowMs: number): boolean {
    const known = this.#known.get(id);
    return known !== undefined && nowMs < known.untilMs;
  }
}
