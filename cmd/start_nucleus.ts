import { SECOND } from "../lib/base/mod.ts";
import { awaitNucleus, type NodeStatus, startDetached } from "../lib/nucleus/client/mod.ts";
import { initHome } from "../lib/nucleus/home/mod.ts";
import { type Place, sayUnread } from "./place_options.ts";
import { DETACHED } from "./nucleus.ts";
import { runningNucleus } from "./running_nucleus.ts";
import { selfCommand } from "./self.ts";
import { say } from "./stderr.ts";

/** An agent that adopts hundreds of workers on a slow board is given this long. */
const START_MS_MAX = 30 * SECOND;

/** An agent that runs. */
export interface Started {
  readonly status: NodeStatus;
  /** Whether it was started just now, by us. */
  readonly isNew: boolean;
}

/** Lays the home out, in `place` if nobody has said where it is, and starts its agent in the background, unless one runs; returns when it answers. */
export async function startNucleus(place: Place = {}): Promise<Started> {
  const result = initHome(place);
  const running = await runningNucleus();
  sayUnread(result, running !== undefined);
  if (running !== undefined) return { status: running, isNew: false };
  const started = startDetached(selfCommand("nucleus", DETACHED));
  const status = await awaitNucleus(START_MS_MAX, started);
  // Of two that start one at the same instant, one finds the other's.
  return { status, isNew: status.pid === started.pid };
}

/** The same for a command that needs one and is about something else: says on stderr what it had to do. */
export async function ensureNucleus(place: Place = {}): Promise<void> {
  const { status: { node, pid, version }, isNew } = await startNucleus(place);
  if (isNew) say(`nucleus is up: node ${node}, pid ${pid}, version ${version}`);
}
