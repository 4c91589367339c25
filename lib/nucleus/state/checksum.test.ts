import { expect, test } from "bun:test";
import { verified, withChecksum } from "./checksum.ts";

const ROW = { name: "a", count: 0, share: 0.5, note: null as string | null };

test("a row fits its own checksum, in whatever order its columns come", () => {
  const { name, ...rest } = withChecksum("services", ROW);
  expect<object>(verified("services", { ...rest, name })).toEqual(ROW);
});

test.each([
  ["another value", { count: 1 }],
  ["a zero whose sign has flipped", { count: -0 }],
  ["text instead of a number", { count: "0" }],
  ["an empty text instead of nothing", { note: "" }],
  ["one column more", { more: null }],
])("a row with %s does not", (_, change) => {
  const stored = { ...withChecksum("services", ROW), ...change };
  expect(() => verified("services", stored)).toThrow("a row of services is not as it was written");
});

test("a row of one table is none of another", () => {
  expect(() => verified("releases", withChecksum("services", ROW))).toThrow(
    "a row of releases is not as it was written",
  );
});
