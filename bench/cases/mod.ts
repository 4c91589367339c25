/**
 * The cases, in the order of a first look: how it starts, how fast it answers, how much it does, the same over
 * shared memory, what it costs at rest; then
 * what an agent adds: waking, deploying, a fleet, and what may happen to instances without a caller noticing.
 * Each has its file; what a case starts as a process of its own lies in `floor/` (the least that Bun can do), `load/`
 * (our client) and `peers/` (other frameworks). A case asks for nothing that a user would not have: the compiled
 * executable, a service file, and the client that a service gets.
 */
import type { Case } from "../harness/mod.ts";
import { CLUSTER_CASES } from "./cluster/mod.ts";
import { codec } from "./codec.ts";
import { deploy } from "./deploy.ts";
import { firstCall } from "./first_call.ts";
import { fleet } from "./fleet.ts";
import { idle } from "./idle.ts";
import { kill, scale, swap } from "./no_failed_call.ts";
import { QUIC_CASES } from "./quic/mod.ts";
import { SHM_CASES } from "./shm/mod.ts";
import { start } from "./start.ts";
import { throughput } from "./throughput.ts";
import { unixLatency } from "./unix_latency.ts";
import { wake } from "./wake.ts";

export const CASES: readonly Case[] = [
  start,
  firstCall,
  unixLatency,
  throughput,
  ...SHM_CASES,
  ...QUIC_CASES,
  codec,
  idle,
  wake,
  deploy,
  fleet,
  swap,
  scale,
  kill,
  ...CLUSTER_CASES,
];
