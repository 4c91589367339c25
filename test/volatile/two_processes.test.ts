import { expect, test } from "bun:test";
import { join } from "node:path";

/** Changes that another process makes to messages while they are read. A failure names its seed. */
const CHANGES = process.env["CELL_SOAK"] === undefined ? 1_000_000 : 200_000_000;
const SEED = Number(process.env["CELL_SEED"] ?? Date.now() % 2 ** 31);

test(`a process outlives another one that rewrites what it reads (seed ${SEED})`, async () => {
  const start = (file: string, ...args: string[]) =>
    Bun.spawn([process.execPath, join(import.meta.dir, file), ...args], {
      stdin: "pipe",
      stdout: "pipe",
      stderr: "inherit",
    });
  const reader = start("reader_process.ts", `${SEED}`, `${CHANGES}`);
  const lines = readLines(reader.stdout);
  const writer = start("writer_process.ts", (await lines.next()).value!);
  try {
    const outcome = await lines.next();
    // A reader that crashed says nothing any more.
    expect([outcome.done, await reader.exited, reader.signalCode]).toEqual([false, 0, null]);
    const { value, changed, refused } = JSON.parse(outcome.value!);
    expect(value).toBeGreaterThan(0);
    expect(changed).toBeGreaterThan(0);
    expect(refused).toBeGreaterThan(0);
  } finally {
    reader.kill();
    writer.kill();
    await Promise.all([reader.exited, writer.exited]);
  }
}, 3_600_000);

async function* readLines(stream: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<string, undefined> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    yield* lines;
  }
  return undefined;
}
