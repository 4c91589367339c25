import * as nodeFileSystem from "node:fs";
import type { FileSystem } from "../key_folder.ts";

/** A disk may take less than it is given. */
const SHORT_WRITE_BYTES = 100;
const CHANGING = ["openSync", "fchmodSync", "fsyncSync", "linkSync", "renameSync", "rmSync", "writeSync"] as const;

/** What a file system without power throws. */
export class PowerFailure extends Error {}

/**
 * The real file system until it has done `callsLeft` of the calls that change something; then all of them fail, as after a
 * loss of power. Remembers what was done, in order.
 */
export function failingFileSystem(callsLeft: number): FileSystem & { readonly done: string[] } {
  const done: string[] = [];
  const writeSome = (fd: number, bytes: Uint8Array, offset: number) =>
    nodeFileSystem.writeSync(fd, bytes, offset, Math.min(SHORT_WRITE_BYTES, bytes.length - offset));
  const calls: { [name: string]: unknown } = { ...nodeFileSystem, writeSync: writeSome };
  for (const name of CHANGING) {
    const call = calls[name] as (...values: unknown[]) => unknown;
    calls[name] = (...values: unknown[]) => {
      if (done.length >= callsLeft) throw new PowerFailure(name);
      done.push(name);
      return call(...values);
    };
  }
  return { ...(calls as unknown as FileSystem), done };
}
