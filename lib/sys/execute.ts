import { closeSync } from "node:fs";
import { lastError } from "./errno.ts";
import { type Libc, libc } from "./libc.ts";
import { currentPlatform, SIGNAL_ACTION_BYTES_MAX, SIGNAL_IGNORED, SIGNAL_SET_BYTES_MAX } from "./platform.ts";

/** How a program takes this process over. */
export interface ExecuteOptions {
  /** Program and arguments; the program is a path. */
  readonly command: readonly string[];
  readonly env: { readonly [name: string]: string | undefined };
  /** Are ignored until the new program handles them, instead of ending it. */
  readonly ignoredSignals: readonly NodeJS.Signals[];
  /**
   * Wait for the new program, until it calls `releaseSignals`. One that comes in the instant before the program is replaced
   * is still taken by another thread of this one, and lost with it.
   */
  readonly heldSignals: readonly NodeJS.Signals[];
}

/**
 * Replaces this process's program (execve(2)): the pid, the parent and the children stay, memory and timers go, and so do
 * all open files but the standard ones and what `inheritable` gave. Returns only by throwing, and then nothing has
 * changed.
 */
export function execute({ command, env, ignoredSignals, heldSignals }: ExecuteOptions): never {
  const functions = libc();
  const [path = ""] = command;
  const assignments = Object.entries(env).flatMap(([name, value]) => value === undefined ? [] : [`${name}=${value}`]);
  const argv = new StringTable(functions, command);
  const envp = new StringTable(functions, assignments);
  const restore = ignoredSignals.map((signal) => ignore(functions, signal));
  maskSignals(heldSignals, "block");
  functions.execve(bytesOf(path), argv.pointers, envp.pointers);
  const error = lastError(`executing ${path} with ${argv.strings.length - 1} arguments`);
  releaseSignals(heldSignals);
  for (const undo of restore) undo();
  throw error;
}

/**
 * Another descriptor of the same open file that a program executed by this process has, too. Children that the runtime
 * starts do not get it: it closes everything that it was not told to pass on.
 */
export function inheritable(fd: number): { readonly fd: number; close(): void } {
  // A copy, because dup(2) makes one without FD_CLOEXEC. fcntl(2) takes a variable number of arguments, which cannot be
  // called as a plain function on every platform.
  const copy = libc().dup(fd);
  if (copy === -1) throw lastError(`copying file descriptor ${fd}`);
  return { fd: copy, close: () => closeSync(copy) };
}

/** Lets signals come that the program before this one has held. Handle them first. */
export function releaseSignals(signals: readonly NodeJS.Signals[]): void {
  maskSignals(signals, "unblock");
}

/** For this thread, and for the program that it executes. */
function maskSignals(names: readonly NodeJS.Signals[], how: "block" | "unblock"): void {
  const set = new Uint8Array(SIGNAL_SET_BYTES_MAX);
  for (const name of names) {
    const bit = numberOf(name) - 1;
    set[bit >> 3]! |= 1 << (bit & 7);
  }
  libc().pthread_sigmask(currentPlatform().signalMask[how], set, null);
}

function numberOf(name: NodeJS.Signals): number {
  return process.getBuiltinModule("node:os").constants.signals[name];
}

/** Returns how to put back what is done with a signal now. */
function ignore(functions: Libc, name: NodeJS.Signals): () => void {
  const signal = numberOf(name);
  const action = new Uint8Array(SIGNAL_ACTION_BYTES_MAX);
  functions.sigaction(signal, null, action);
  functions.signal(signal, SIGNAL_IGNORED);
  return () => functions.sigaction(signal, action, null);
}

/** `char *const []`: pointers to strings that end in a zero, and a null pointer. */
class StringTable {
  /** Kept, so that what the pointers point to stays. */
  readonly strings: readonly Uint8Array[];
  readonly pointers: BigUint64Array;

  constructor({ addressOf }: Libc, texts: readonly string[]) {
    this.strings = texts.map(bytesOf);
    this.pointers = new BigUint64Array(texts.length + 1);
    for (const [index, bytes] of this.strings.entries()) this.pointers[index] = addressOf(bytes);
  }
}

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(`${text}\0`);
}
