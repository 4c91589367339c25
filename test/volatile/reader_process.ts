/**
 * Reads messages of all kinds where another process rewrites them: `bun reader_process.ts SEED CHANGES`. Says on a line
 * where its memory is, and on a second one, after at least so many changes, how it went.
 */
import { isDeepStrictEqual } from "node:util";
import { Writer } from "../../lib/base/mod.ts";
import { createSharedMemory } from "../../lib/sys/mod.ts";
import {
  Arena,
  ARENA_BYTES,
  CANARY,
  holdsCanary,
  MESSAGE_OFFSET,
  Word,
  WRITTEN_BYTES,
  WRITTEN_OFFSET,
} from "./arena.ts";
import { CellError, makeDecoders } from "./decoders.ts";

/** Changes to one message before it is the next one's turn, unless they take longer than so many readings. */
const CHANGES_PER_TURN = 8_192;
const READINGS_PER_TURN_MAX = 5_000;
/** Fewer of each outcome would not say much. */
const OUTCOMES_MIN = 500;

const [seed, changes] = process.argv.slice(2).map(Number) as [number, number];
const memory = createSharedMemory(ARENA_BYTES);
memory.allocate(0, ARENA_BYTES);
const arena = new Arena(memory.buffer);
const { bytes, words } = arena;
const decoders = makeDecoders(seed);
decoders.forEach(({ message }, turn) => arena.putHonest(turn, message));
const honest = decoders.map(({ message, decode }) => decode(message.slice(), 0, message.length));
const writer = new Writer(0);
writer.bytes = bytes.subarray(WRITTEN_OFFSET, WRITTEN_OFFSET + WRITTEN_BYTES);
writer.view = new DataView(memory.buffer, WRITTEN_OFFSET, WRITTEN_BYTES);
const outcomes = { value: 0, changed: 0, refused: 0 };

// Without the test nobody would end this one.
process.stdin.on("end", () => process.exit(1)).resume();
begin(0);
console.log(JSON.stringify([memory.handle, process.pid, seed]));
for (let turn = 0; goesOn(); turn = (turn + 1) % decoders.length) {
  begin(turn);
  const enough = Atomics.load(words, Word.changes) + CHANGES_PER_TURN;
  for (let count = 0; count < READINGS_PER_TURN_MAX && Atomics.load(words, Word.changes) < enough; count++) {
    read(turn);
    write(turn);
  }
  // Nothing is waited for, but with one processor the writer has to have its time.
  if (turn === 0) await Bun.sleep(1);
}
memory.unlink();
console.log(JSON.stringify(outcomes));
process.stdin.pause();

function goesOn(): boolean {
  const { value, changed, refused } = outcomes;
  return Atomics.load(words, Word.changes) < changes || Math.min(value, changed, refused) < OUTCOMES_MIN;
}

function begin(turn: number): void {
  bytes.fill(CANARY, MESSAGE_OFFSET - 1024, MESSAGE_OFFSET + 4096);
  bytes.set(decoders[turn]!.message, MESSAGE_OFFSET);
  Atomics.store(words, Word.turn, turn);
}

function read(turn: number): void {
  const { name, message, decode, check } = decoders[turn]!;
  let value: unknown;
  try {
    value = decode(bytes, MESSAGE_OFFSET, MESSAGE_OFFSET + message.length);
  } catch (error) {
    if (!(error instanceof CellError) || error.code !== "INVALID_ARGUMENT") throw error;
    outcomes.refused++;
    return;
  }
  check(value);
  if (holdsCanary(value)) throw new Error(`${name}: bytes from outside of the message are in the value`);
  outcomes[isDeepStrictEqual(value, honest[turn]) ? "value" : "changed"]++;
}

/** What others write into a message that is being written changes neither where it ends nor what happens. */
function write(turn: number): void {
  const { name, message, write } = decoders[turn]!;
  writer.length = 0;
  write(writer);
  if (writer.length !== message.length) throw new Error(`${name}: written as ${writer.length} bytes`);
}
