import { assert, type Writer } from "../../base/mod.ts";
import { type Codec, unknownCodec } from "../../schema/mod.ts";
import type { SharedMemoryHandle } from "../../sys/mod.ts";
import { beginFrame, endFrame, HEADER_BYTES, Kind, UPGRADE_BYTES_MAX } from "../../wire/mod.ts";
import { Fields } from "./fields.ts";
import { NONCE_BYTES, PROOF_BYTES } from "./proof.ts";

/** Longest reason of a refusal, in UTF-16 code units. */
export const REASON_LENGTH_MAX = 200;
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

/** One line without anything that a terminal would obey. */
function shortReason(reason: string): string {
  return reason.replace(/\p{C}+/gu, " ").slice(0, REASON_LENGTH_MAX).toWellFormed();
}

function codec(): Codec {
  return sharedCodec ??= unknownCodec("upgrade");
}
