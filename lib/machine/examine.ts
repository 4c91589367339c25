import { SECOND } from "../base/mod.ts";
import { type Check, fail, type Finding } from "./check.ts";
import { CLOCK } from "./checks/clock.ts";
import { DISK, GROWING, HOME, RUN_FOLDER } from "./checks/home.ts";
import { IDENTITY, KEY_FILES } from "./checks/identity.ts";
import { LINGER } from "./checks/linger.ts";
import { ADDRESSES, CLUSTER, MULTICAST, NETWORK } from "./checks/network.ts";
import { AGENT, NODE_FILE, STATE } from "./checks/nucleus.ts";
import { CORES, FILE_DESCRIPTORS, MEMORY } from "./checks/resources.ts";
import { KERNEL, LIBC, TYPE_CHECKER } from "./checks/runtime.ts";
import { PROCESSES, SESSIONS } from "./checks/sessions.ts";
import { SHARED_MEMORY } from "./checks/shared_memory.ts";
import { SERVICES, SOCKETS, STALE_SOCKETS } from "./checks/sockets.ts";

/** In the order in which a person would look for a fault: what a later check needs comes earlier. */
const CHECKS: readonly Check[] = [
  KERNEL,
  CORES,
  MEMORY,
  FILE_DESCRIPTORS,
  PROCESSES,
  CLOCK,
  LIBC,
  TYPE_CHECKER,
  SESSIONS,
  HOME,
  RUN_FOLDER,
  DISK,
  GROWING,
  NODE_FILE,
  STATE,
  KEY_FILES,
  IDENTITY,
  SOCKETS,
  SHARED_MEMORY,
  STALE_SOCKETS,
  LINGER,
  AGENT,
  SERVICES,
  NETWORK,
  ADDRESSES,
  MULTICAST,
  CLUSTER,
];
/** A check that takes longer has found something that hangs. */
const CHECK_TIMEOUT_MS = 10 * SECOND;

/** Runs every check; a check that throws or hangs has failed. */
export async function* examineMachine(): AsyncGenerator<Finding & { name: string }, void, void> {
  for (const check of CHECKS) yield { name: check.name, ...(await runCheck(check)) };
}

async function runCheck(check: Check): Promise<Finding> {
  let timer: Timer | undefined;
  const timeout = new Promise<Finding>((resolve) => {
    const finding = fail(`no answer within ${CHECK_TIMEOUT_MS / SECOND} s`, "look for a process or a disk that hangs");
    timer = setTimeout(() => resolve(finding), CHECK_TIMEOUT_MS);
  });
  try {
    return await Promise.race([check.run(), timeout]);
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error), "the message says what was attempted");
  } finally {
    clearTimeout(timer);
  }
}
