import type { Effect, InstanceId } from "./effect.ts";
import type { CoreOptions } from "./options.ts";

/** What one input leads to: the time it came at, and what is to be done about it. */
export class Turn {
  readonly effects: Effect[] = [];

  constructor(readonly now: number, readonly options: CoreOptions, readonly random: () => number) {}

  emit(effect: Effect): void {
    this.effects.push(effect);
  }

  /** Tells people. */
  tell(level: "info" | "warn" | "error", about: InstanceId | string, message: string): void {
    const { service, number } = typeof about === "string" ? { service: about, number: undefined } : about;
    this.effects.push({ kind: "event", service, number, level, message });
  }
}
