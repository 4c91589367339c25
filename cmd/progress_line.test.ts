import { expect, test } from "bun:test";
import { progressText } from "./follow_service.ts";

test("progress is one line that says how far it is and what has happened", () => {
  const text = progressText("hello", { phase: "starting", up: 1, wanted: 3, message: "hello@1 is up" });
  expect(text).toBe("hello: starting, 1 of 3 up: hello@1 is up");
  const quiet = progressText("hello", { phase: "observing", up: 3, wanted: 3, message: "" });
  expect(quiet).toBe("hello: observing, 3 of 3 up");
});

test("what a service says cannot steer the terminal or break the line", () => {
  const text = progressText("hello", { phase: "starting", up: 0, wanted: 1, message: "boom\n\x1b[2J" });
  expect(text).toBe("hello: starting, 0 of 1 up: boom \\u001b[2J");
});
