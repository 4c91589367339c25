/**
 * Rewrites the message that another process is reading, as fast as it can: `bun writer_process.ts HANDLE SEED`. Ends when
 * its standard input does.
 */
import { seededRandom } from "../../lib/base/mod.ts";
import { effectiveUserId, openSharedMemory } from "../../lib/sys/mod.ts";
import { Arena, ARENA_BYTES, CANARY, MESSAGE_OFFSET, Word, WRITTEN_BYTES, WRITTEN_OFFSET } from "./arena.ts";

/** Changes between two looks at whether it is time to end. */
const BATCH = 20_000;
/** Changes between two looks at whose turn it is. */
const TURN_EVERY = 64;
const LEADS = [
  0x80,
  0x8f,
  0x90,
  0x9f,
  0xa0,
  0xbf,
  0xc0,
  0xc4,
  0xc6,
  0xca,
  0xcb,
  0xcf,
  0xd3,
  0xd6,
  0xd9,
  0xdb,
  0xdd,
  0xdf,
];
/** What text becomes: ASCII and UTF-8 of two, three and four bytes take turns. */
const TEXTS = ["a", "é", "€", "🦑"].map((character) => new TextEncoder().encode(character.repeat(256)));

const [handle, pid, seed] = JSON.parse(process.argv[2]!);
const { buffer } = openSharedMemory(handle, ARENA_BYTES, { uid: effectiveUserId(), pid });
const arena = new Arena(buffer);
const { bytes, words } = arena;
const random = seededRandom(seed);
const below = (count: number): number => Math.floor(random() * count);

let isOver = false;
process.stdin.on("end", () => isOver = true).resume();
while (!isOver) {
  for (let count = 0; count < BATCH; count += TURN_EVERY) rewrite(arena.honest(Atomics.load(words, Word.turn)));
  await new Promise((resolve) => setImmediate(resolve));
}

function rewrite(message: Uint8Array): void {
  for (let count = 0; count < TURN_EVERY; count++) {
    const at = below(message.length);
    const way = below(8);
    bytes[WRITTEN_OFFSET + below(Math.min(2 * message.length, WRITTEN_BYTES))] = way * 31;
    if (way < 3) bytes.set(message, MESSAGE_OFFSET);
    else if (way < 5) {
      const byte = below(256);
      bytes[MESSAGE_OFFSET + at] = byte === CANARY ? 0 : byte;
    } else if (way < 7) {
      const length = Math.min(message.length - at, 4 + below(message.length));
      bytes.set(TEXTS[below(TEXTS.length)]!.subarray(0, length), MESSAGE_OFFSET + at);
    } else bytes[MESSAGE_OFFSET + at] = LEADS[below(LEADS.length)]!;
  }
  Atomics.add(words, Word.changes, TURN_EVERY);
}
