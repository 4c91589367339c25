import { CellError } from "../../base/mod.ts";
import type { SharedMemoryHandle } from "../../sys/mod.ts";
import { RING_BYTES_INITIAL, RING_BYTES_MAX } from "../layout.ts";

/** The version of what a hello begins, and of the segment's layout. */
export const UPGRADE_VERSION = 1;
/** What memory with a name is called; `lib/sys` looks closer. */
const MEMORY_NAME = /^\/cell-[A-Za-z0-9_-]{1,24}$/;

/** Whether rings may grow to so many bytes: a power of two that the layout knows. */
export function isRingBytes(byteCount: unknown): byteCount is number {
  return isCount(byteCount) && byteCount >= RING_BYTES_INITIAL && byteCount <= RING_BYTES_MAX &&
    (byteCount & (byteCount - 1)) === 0;
}

/** The fields of a message from outside, each asked for with what it has to be. */
export class Fields {
  private readonly values: { readonly [name: string]: unknown };

  constructor(value: unknown) {
    if (!isPlainMap(value)) {
      throw new CellError("INVALID_ARGUMENT", `reading an upgrade: expected a map, found ${describe(value)}`);
    }
    this.values = value;
  }

  get step(): unknown {
    return this.field("step");
  }

  text(name: string): string {
    const value = this.field(name);
    if (typeof value !== "string") throw this.unexpected(name, "a string");
    return value;
  }

  bytes(name: string, byteCount: number): Uint8Array {
    const value = this.field(name);
    if (!(value instanceof Uint8Array) || value.length !== byteCount) {
      throw this.unexpected(name, `${byteCount} bytes`);
    }
    return value;
  }

  ringBytes(name: string): number {
    const value = this.field(name);
    if (!isRingBytes(value)) {
      throw this.unexpected(name, `a power of two from ${RING_BYTES_INITIAL} to ${RING_BYTES_MAX}`);
    }
    return value;
  }

  version(): number {
    const version = this.field("version");
    if (!isCount(version)) throw this.unexpected("version", `${UPGRADE_VERSION}`);
    if (version === UPGRADE_VERSION) return version;
    throw new CellError(
      "UNIMPLEMENTED",
      `version ${UPGRADE_VERSION} of shared memory is spoken here, not version ${version}`,
    );
  }

  memory(name: string): SharedMemoryHandle {
    const value = this.field(name);
    if (isPlainMap(value)) {
      const fd = own(value, "fd");
      const memoryName = own(value, "name");
      if (memoryName === undefined && isCount(fd) && fd <= 0x7fffffff) return { fd };
      if (fd === undefined && typeof memoryName === "string" && MEMORY_NAME.test(memoryName)) {
        return { name: memoryName };
      }
    }
    throw this.unexpected(name, `a map with either a file descriptor as fd or a name like ${MEMORY_NAME.source}`);
  }

  unexpected(name: string, expected: string): CellError {
    const step = this.step;
    const which = typeof step === "string" && name !== "step" ? ` of step ${describe(step)}` : "";
    return new CellError(
      "INVALID_ARGUMENT",
      `reading an upgrade${which}: expected ${expected} as ${name}, found ${describe(this.field(name))}`,
    );
  }

  private field(name: string): unknown {
    return own(this.values, name);
  }
}

function own(values: { readonly [name: string]: unknown }, name: string): unknown {
  return Object.hasOwn(values, name) ? values[name] : undefined;
}

function isPlainMap(value: unknown): value is { readonly [name: string]: unknown } {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && value as number >= 0;
}

/** Longest text of a peer that an error shows. */
const SHOWN_LENGTH_MAX = 40;

function describe(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  if (typeof value === "number" || typeof value === "boolean" || value === null) return String(value);
  if (typeof value === "string") {
    return JSON.stringify(value.length > SHOWN_LENGTH_MAX ? `${value.slice(0, SHOWN_LENGTH_MAX)}...` : value);
  }
  return Array.isArray(value) ? "an array" : typeof value === "object" ? "a map" : `a ${typeof value}`;
}
