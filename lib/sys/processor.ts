import { libc } from "./libc.ts";

/** Lets other processes run that wait for this one's processor (sched_yield(2)); returns at once where none does. */
export function yieldProcessor(): void {
  libc().sched_yield();
}
