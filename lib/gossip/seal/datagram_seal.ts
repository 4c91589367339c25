import { assert, SECOND } from "../../base/mod.ts";
import { CLOCK_TOLERANCE_MS } from "../../net/identity/mod.ts";
import {
  DATAGRAM_BYTES_MAX,
  DATAGRAM_OVERHEAD_BYTES,
  type DatagramHeader,
  type DatagramKind,
  decodeDatagram,
  encodeDatagram,
  PAYLOAD_BYTES_MAX,
} from "./datagram.ts";
import type { KeyRing } from "./key_ring.ts";
import { keyIdOf } from "./sealing_key.ts";
import { type SenderRefusal, SenderTable } from "./sender_table.ts";

/** Why a datagram is refused. */
export type Refusal =
  | "length"
  | "unknown_key"
  | "forged"
  | "version"
  | "own"
  | "clock_skew"
  | SenderRefusal;

/** A datagram of another node, authenticated and never seen before. */
export interface OpenedDatagram {
  readonly header: DatagramHeader;
  readonly payload: Uint8Array;
}

/** A datagram that is not used. */
export interface RefusedDatagram {
  readonly refused: Refusal;
  /** Who sent it, where that much is authenticated. */
  readonly header: DatagramHeader | undefined;
}

/**
 * After a jump this far ahead the clock was set, or the machine slept: sequence numbers begin anew, under the new time. So they
 * do when it was set back so far that others would take the boot for one in the future.
 */
const CLOCK_JUMP_MS = 60 * SECOND;

/**
 * Seals what this node sends and opens what comes. Refusing is ordered by cost: a length and a table look-up first, then the
 * tag, then what only a holder of the key can have written.
 */
export class DatagramSeal {
  /** Refused datagrams by reason. */
  readonly refusals: Record<Refusal, number> = {
    length: 0,
    unknown_key: 0,
    forged: 0,
    version: 0,
    own: 0,
    clock_skew: 0,
    old_boot: 0,
    replayed: 0,
    flood: 0,
  };
  readonly senders = new SenderTable();
  /** Datagrams sealed under the key with the id `sealedUnder`. */
  sealed = 0;
  sealedUnder: number | undefined;
  #bootMs: number;
  #clockMs: number;
  #sequence = 0;

  constructor(private readonly self: string, private readonly keys: KeyRing, bootMs: number) {
    this.#bootMs = bootMs;
    this.#clockMs = bootMs;
  }

  /** A datagram with this payload; undefined while this node has no key. */
  seal(kind: DatagramKind, payload: Uint8Array, nowMs: number): Uint8Array | undefined {
    assert(
      payload.length <= PAYLOAD_BYTES_MAX,
      `a payload has at most ${PAYLOAD_BYTES_MAX} bytes, not ${payload.length}`,
    );
    const key = this.keys.sealing(nowMs);
    if (key === undefined) return undefined;
    this.#countSealed(key.id);
    this.#followClock(nowMs);
    const header = {
      kind,
      sender: this.self,
      bootMs: this.#bootMs,
      sequence: ++this.#sequence,
      clockMs: nowMs,
    };
    return key.seal(encodeDatagram(header, payload));
  }

  /** What a datagram says, or why it is refused. Never throws. */
  open(datagram: Uint8Array, nowMs: number): OpenedDatagram | RefusedDatagram {
    if (datagram.length < DATAGRAM_OVERHEAD_BYTES || datagram.length > DATAGRAM_BYTES_MAX) {
      return this.#refuse("length");
    }
    const id = keyIdOf(datagram);
    const key = this.keys.opening(id, nowMs);
    if (key === undefined) return this.#refuse("unknown_key");
    const text = key.open(datagram);
    if (text === undefined) return this.#refuse("forged");
    const decoded = decodeDatagram(text);
    if (decoded === undefined) return this.#refuse("version");
    const { header } = decoded;
    if (header.sender === this.self) return this.#refuse("own", header);
    if (isSkewed(header.clockMs, nowMs) || header.bootMs > nowMs + CLOCK_TOLERANCE_MS) {
      return this.#refuse("clock_skew", header);
    }
    const refused = this.senders.accept(header, nowMs);
    if (refused !== undefined) return this.#refuse(refused, header);
    this.keys.noteUse(id);
    return decoded;
  }

  #refuse(refused: Refusal, header?: DatagramHeader): RefusedDatagram {
    this.refusals[refused]++;
    return { refused, header };
  }

  #countSealed(id: number): void {
    if (id !== this.sealedUnder) this.sealed = 0;
    this.sealedUnder = id;
    this.sealed++;
  }

  #followClock(nowMs: number): void {
    const isBootAhead = this.#bootMs > nowMs + CLOCK_TOLERANCE_MS;
    if (nowMs > this.#clockMs + CLOCK_JUMP_MS || isBootAhead) {
      this.#bootMs = nowMs;
      this.#sequence = 0;
    }
    this.#clockMs = nowMs;
  }
}

/** Whether another node's clock differs by more than is tolerated. */
function isSkewed(theirsMs: number, nowMs: number): boolean {
  return Math.abs(theirsMs - nowMs) > CLOCK_TOLERANCE_MS;
}
