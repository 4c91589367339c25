/** What many machines cost: joining, noticing a crash, what is said at rest, what is remembered. */
import type { Case } from "../../harness/mod.ts";
import { catalog } from "./catalog.ts";
import { join } from "./join.ts";
import { detection, gossipAtRest } from "./membership.ts";

export const CLUSTER_CASES: readonly Case[] = [join, detection, gossipAtRest, catalog];
