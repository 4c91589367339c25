import { expect, test } from "bun:test";
import { didYouMean, nearest } from "./near.ts";

const COMMANDS = ["run", "call", "check", "describe", "diff", "ps", "new", "bench", "doctor", "completions"];

test("a typing error finds the word that was meant", () => {
  expect(nearest("desribe", COMMANDS)[0]).toBe("describe");
  expect(nearest("chekc", COMMANDS)[0]).toBe("check");
  expect(nearest("RUN", COMMANDS)[0]).toBe("run");
});

test("the beginning of a word finds the word", () => {
  expect(nearest("comp", COMMANDS)).toContain("completions");
});

test("a word that is like nothing finds nothing", () => {
  expect(nearest("zzzzzzzz", COMMANDS)).toEqual([]);
  expect(didYouMean("zzzzzzzz", COMMANDS)).toBe("");
});

test("a suggestion reads as a sentence", () => {
  expect(didYouMean("greeet", ["greet"])).toBe(" Did you mean greet?");
  expect(didYouMean("adx", ["ada", "adb", "adc"])).toBe(" Did you mean ada, adb or adc?");
});

test("a very long word costs no more than a long one", () => {
  expect(nearest("x".repeat(1_000_000), ["y".repeat(1_000_000)])).toEqual([]);
});
