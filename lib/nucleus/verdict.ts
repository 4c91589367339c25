import type { Catalog } from "./catalog.ts";
import type { Effect } from "./core/mod.ts";
import type { StateStore } from "./state/mod.ts";

/** What the core wants recorded of a candidate. */
export type Verdict = Extract<Effect, { kind: "promote" | "abort" }>;

/** Makes a verdict durable. False when it is about a candidate that is none any more; throws what the store throws. */
export function recordVerdict(verdict: Verdict, catalog: Catalog, store: StateStore): boolean {
  const { kind, service, release } = verdict;
  if (!catalog.hasCandidate(service, release)) return false;
  // It may have been stored the last time, and only not been read.
  const stored = store.service(service)?.releases.find(({ number }) => number === release);
  if (stored?.role !== "candidate") return true;
  if (kind === "promote") store.promote(service, release);
  else store.abort(service, release, verdict.reason);
  return true;
}
