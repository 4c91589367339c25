import { assert, CellError, type Writer } from "../../base/mod.ts";
import { type Codec, unknownCodec } from "../../schema/mod.ts";
import type { SharedMemoryHandle } from "../../sys/mod.ts";
import { beginFrame, endFrame, HEADER_BYTES, Kind, UPGRADE_BYTES_MAX } from "../../wire/mod.ts";
import { RING_BYTES_INITIAL, RING_BYTES_MAX } from "../layout.ts";
import { NONCE_BYTES, PROOF_BYTES } from "./proof.ts";

/** The version of what a hello begins, and of the segment's layout. */
export const UPGRADE_VERSION = 1;
/** Longest reason of a refusal, in UTF-16 code units. */
export const REASON_LENGTH_MAX = 200;
/** What memory with a name is called; `lib/sys` looks closer. */
const MEMORY_NAME = /^\/cell-[A-Za-z0-9_-]{1,24}$/;

/** How the server finds the client's memory: a descriptor of the client's process, or a name. */
export type MemoryHandle = SharedMemoryHandle;

/** The client asks. */
export interface UpgradeHello {
  readonly step: "hello";
  readonly version: number;
  readonly nonce: Uint8Array;
}

/** The server shows that it has the secret, and says how large it lets a ring grow. */
export interface UpgradeChallenge {
  readonly step: "challenge";
  readonly nonce: Uint8Array;
  readonly proof: Uint8Array;
  readonly ringBytesMax: number;
}

/** The client shows that it has the secret too, and where the memory is. */
export interface UpgradeOffer {
  readonly step: "offer";
  readonly proof: Uint8Array;
  readonly memory: MemoryHandle;
  readonly ringBytesMax: number;
}

/** The server has mapped the memory: its next frame is in its ring. */
export interface UpgradeAccept {
  readonly step: "accept";
}

/** The client's next frame is in its ring. */
export interface UpgradeSwitch {
  readonly step: "switch";
}

/** The server does not want to, or cannot: the connection stays on the socket. */
export interface UpgradeRefuse {
  readonly step: "refuse";
  readonly reason: string;
}

/** What the two sides say to each other in upgrade frames. */
export type UpgradeMessage =
  | UpgradeHello
  | UpgradeChallenge
  | UpgradeOffer
  | UpgradeAccept
  | UpgradeSwitch
  | UpgradeRefuse;

let sharedCodec: Codec | undefined;

/** Appends a whole upgrade frame. */
export function writeUpgrade(writer: Writer, message: UpgradeMessage): void {
  const start = beginFrame(writer, Kind.upgrade, 0, 0, 0, 0, 0);
  codec().encode(message, writer);
  endFrame(writer, start);
  assert(writer.length - start <= HEADER_BYTES + UPGRADE_BYTES_MAX, "an upgrade message fits its frame");
}

/**
 * Reads an upgrade frame's payload, the bytes from `start` to `end`, and keeps nothing of them. Fields that it does not
 * know are skipped. Throws UNIMPLEMENTED for a hello of another version, INVALID_ARGUMENT for what is no message.
 */
export function readUpgrade(bytes: Uint8Array, start = 0, end = bytes.length): UpgradeMessage {
  const fields = new Fields(codec().decode(bytes, start, end));
  const step = fields.step;
  switch (step) {
    case "hello":
      return { step, version: fields.version(), nonce: fields.bytes("nonce", NONCE_BYTES) };
    case "challenge":
      return {
        step,
        nonce: fields.bytes("nonce", NONCE_BYTES),
        proof: fields.bytes("proof", PROOF_BYTES),
        ringBytesMax: fields.ringBytes("ringBytesMax"),
      };
    case "offer":
      return {
        step,
        proof: fields.bytes("proof", PROOF_BYTES),
        memory: fields.memory("memory"),
        ringBytesMax: fields.ringBytes("ringBytesMax"),
      };
    case "accept":
    case "switch":
      return { step };
    case "refuse":
      return { step, reason: shortReason(fields.text("reason")) };
    default:
      throw fields.unexpected("step", "hello, challenge, offer, accept, switch or refuse");
  }
}

/** A refusal with a reason for people. */
export function refusal(reason: string): UpgradeRefuse {
  return { step: "refuse", reason: shortReason(reason) };
}

/** Whether rings may grow to so many bytes: a power of two that the layout knows. */
export function isRingBytes(byteCount: unknown): byteCount is number {
  return typeof byteCount === "number" && byteCount >= RING_BYTES_INITIAL && byteCount <= RING_BYTES_MAX &&
    Number.isInteger(Math.log2(byteCount));
}

/** One line without anything that a terminal would obey. */
function shortReason(reason: string): string {
  return reason.replace(/\p{C}+/gu, " ").slice(0, REASON_LENGTH_MAX).toWellFormed();
}

function codec(): Codec {
  return sharedCodec ??= unknownCodec("upgrade");
}

/** The fields of a message from outside, each asked for with what it has to be. */
class Fields {
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

  memory(name: string): MemoryHandle {
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
