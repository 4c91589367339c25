import { CellError, MIB, MINUTE, SECOND } from "../../base/mod.ts";
import { INITIAL_WINDOW_BYTES } from "./flow_window.ts";

/** What a QUIC connection waits for, holds and lets strangers do. */
export interface QuicOptions {
  /**
   * How long a connection may take from its first packet to both sides knowing each other: two round trips and what gets
   * lost on them. Longer helps on bad lines, and lets those who never finish hold their place as long.
   * @default 5_000
   */
  handshakeMs: number;
  /**
   * After this long without a packet from the peer the connection is lost; the smaller of both sides' holds, in whole
   * seconds. Nothing else tells that the peer's process or machine is gone without a word. Shorter notices that earlier,
   * longer survives longer gaps in the network.
   * @default 15_000
   */
  idleMs: number;
  /** Where nothing else is sent, a sign of life goes out this often: at most a third of `idleMs`. @default 5_000 */
  keepAliveMs: number;
  /**
   * How long a connection that was dialed and that nobody holds open (`Link.unref`) lives in a process that does not
   * listen: the runtime's QUIC sockets keep a process alive, so a script would never end. Longer saves a busy script
   * handshakes, shorter lets it end earlier.
   * @default 250
   */
  unrefLingerMs: number;
  /**
   * What the peer may have sent beyond what was read: what a reader that pauses holds in memory at most. Throughput is at
   * most this per round trip: 4 MiB are 80 MB/s on a way of 50 ms.
   * @default 4 MiB
   */
  windowBytes: number;
  /**
   * Clients of a listener that have not proved who they are, at once. When one more comes, the one that has taken longest
   * must go: honest ones need two round trips, so they get through as long as fewer than this many come meanwhile. Each
   * takes some 60 KiB.
   * @default 512
   */
  strangersMax: number;
}

export const DEFAULT_QUIC_OPTIONS: QuicOptions = {
  handshakeMs: 5 * SECOND,
  idleMs: 15 * SECOND,
  keepAliveMs: 5 * SECOND,
  unrefLingerMs: 250,
  windowBytes: 4 * MIB,
  strangersMax: 512,
};

/** No connection is lost for less silence. */
export const IDLE_MS_MIN = 1 * SECOND;

const BOUNDS: { [name in keyof QuicOptions]: readonly [minimum: number, maximum: number] } = {
  handshakeMs: [10, MINUTE],
  idleMs: [IDLE_MS_MIN, 10 * MINUTE],
  keepAliveMs: [100, 3 * MINUTE],
  unrefLingerMs: [1, 10 * MINUTE],
  windowBytes: [INITIAL_WINDOW_BYTES, 64 * MIB],
  strangersMax: [1, 16 * 1024],
};

/** The defaults with `given` in their place. Throws INVALID_ARGUMENT naming the option and its bounds. */
export function validateQuicOptions(given: Partial<QuicOptions> = {}): QuicOptions {
  const options = { ...DEFAULT_QUIC_OPTIONS, ...given };
  for (const name of Object.keys(BOUNDS) as (keyof QuicOptions)[]) {
    const [minimum, maximum] = BOUNDS[name];
    const value = options[name];
    if (!Number.isInteger(value) || value < minimum || value > maximum) {
      throw invalid(name, `an integer from ${minimum} to ${maximum}`, value);
    }
  }
  const { idleMs, keepAliveMs } = options;
  if (keepAliveMs > idleMs / 3) throw invalid("keepAliveMs", `at most a third of idleMs (${idleMs})`, keepAliveMs);
  return options;
}

function invalid(name: string, expected: string, found: number): CellError {
  return new CellError("INVALID_ARGUMENT", `QUIC option ${name}: expected ${expected}, found ${found}`);
}
