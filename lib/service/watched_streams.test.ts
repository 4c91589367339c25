import { expect, test } from "bun:test";
import { watchStreams } from "./watched_streams.ts";

function* numbers(): Generator<number> {
  yield 1;
  yield 2;
}

async function* later(): AsyncGenerator<number> {
  yield* numbers();
}

test("arguments without a stream are passed on as they are and can always be sent again", () => {
  const args = [1, "a", null, undefined, [1, 2], new Set([1]), new Map(), new Uint8Array(2), { next: 1 }, new Date()];
  const watched = watchStreams(args);
  expect(watched.args).toBe(args);
  expect(watched.areUntouched()).toBe(true);
});

test.each([
  ["generator", numbers],
  ["async generator", later],
  ["ReadableStream", () => new ReadableStream({ start: (stream) => [1, 2].forEach((n) => stream.enqueue(n)) })],
])("a %s is untouched until it is read from, and gives what it would have given", async (_, make) => {
  const watched = watchStreams(["first", make()]);
  expect(watched.args[0]).toBe("first");
  expect(watched.areUntouched()).toBe(true);
  const items: unknown[] = [];
  for await (const item of watched.args[1] as AsyncIterable<unknown>) if (items.push(item) === 2) break;
  expect(items).toEqual([1, 2]);
  expect(watched.areUntouched()).toBe(false);
});
