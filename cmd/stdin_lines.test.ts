import { expect, test } from "bun:test";
import { stdinLines } from "./stdin_lines.ts";

async function* chunks(...parts: (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield typeof part === "string" ? new TextEncoder().encode(part) : part;
}

async function lines(...parts: (string | Uint8Array)[]): Promise<string[]> {
  const found: string[] = [];
  for await (const { number, text } of stdinLines(chunks(...parts))) found.push(`${number}:${text}`);
  return found;
}

test("lines are put together from chunks, wherever these are cut", async () => {
  expect(await lines("a\nb", "c\n", "d")).toEqual(["1:a", "2:bc", "3:d"]);
  expect(await lines("a\r\nb\r\n")).toEqual(["1:a", "2:b"]);
  const euro = new TextEncoder().encode("€\n");
  expect(await lines(euro.subarray(0, 1), euro.subarray(1, 2), euro.subarray(2))).toEqual(["1:€"]);
});

test("blank lines are skipped and counted", async () => {
  expect(await lines("\n\na\n  \nb\n")).toEqual(["3:a", "5:b"]);
  expect(await lines()).toEqual([]);
});

test("bytes that are no UTF-8 are refused with their line", async () => {
  await expect(lines("a\n", new Uint8Array([0xff, 10]))).rejects.toThrow("stdin, line 2: expected UTF-8");
});

test("a line without an end does not fill the memory", async () => {
  const endless = async function* () {
    for (;;) yield new Uint8Array(8 * 1024 * 1024).fill(97);
  };
  const read = async () => {
    for await (const _ of stdinLines(endless()));
  };
  await expect(read()).rejects.toThrow("stdin, line 1: expected at most 67108864 bytes");
});
