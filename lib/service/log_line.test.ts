import { expect, test } from "bun:test";
import { logLine } from "./log_line.ts";
import { userFrames } from "./user_frames.ts";

function errorWith(stack: string, message = "out of cheese"): Error {
  const error = new RangeError(message);
  error.stack = stack;
  return error;
}

const STACK = `RangeError: out of cheese
    at inner (/srv/shop/cheese.ts:3:9)
    at async /srv/shop/counter (old).ts:10:1
    at file:///srv/shop/cheese.ts:12:3
    at run (/$bunfs/root/main-w9s7.js:272:38911)
    at begin (lib/rpc/active_call.ts:96:24)
    at new Promise (native)
    at <anonymous>`;

const FRAMES = [
  "    at inner (/srv/shop/cheese.ts:3:9)",
  "    at async /srv/shop/counter (old).ts:10:1",
  "    at file:///srv/shop/cheese.ts:12:3",
];

test("a stack is cut to the frames of the user's files", () => {
  expect(userFrames(errorWith(STACK))).toEqual(FRAMES);
  expect(userFrames({})).toEqual([]);
  expect(userFrames({ stack: ["a call site"] as never })).toEqual([]);
  const deep = Array.from({ length: 100 }, (_, n) => `    at f (/srv/a.ts:${n}:1)`).join("\n");
  expect(userFrames({ stack: deep })).toHaveLength(20);
});

test("an entry is one line and the user's frames", () => {
  const error = errorWith(STACK);
  expect(logLine({ level: "error", method: "buy", message: "buy failed: out of cheese", error })).toBe(
    ["error: buy failed: out of cheese", ...FRAMES].join("\n"),
  );
  expect(logLine({ level: "warn", method: "buy", message: "it was slow" })).toBe("warn: buy: it was slow");
  expect(logLine({ level: "warn", message: "a link was refused", error: errorWith("", "why") })).toBe(
    "warn: a link was refused: RangeError: why",
  );
});

test("the frames are those of what was thrown, not of what it was wrapped in", () => {
  const wrapped = new Error("wrapped", { cause: errorWith(STACK) });
  expect(logLine({ level: "error", message: "wrapped", error: wrapped })).toBe(
    ["error: wrapped", ...FRAMES].join("\n"),
  );
});

test("entries for debugging are not shown", () => {
  expect(logLine({ level: "debug", message: "detail" })).toBeUndefined();
});
