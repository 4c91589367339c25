import { expect, test } from "bun:test";
import { styleFor } from "./color.ts";

test("colours are for terminals, unless NO_COLOR, TERM=dumb or FORCE_COLOR say otherwise", () => {
  const isColoured = (terminal: boolean, env: Record<string, string>): boolean =>
    styleFor(terminal, env).red("x") !== "x";
  expect(isColoured(true, {})).toBe(true);
  expect(isColoured(false, {})).toBe(false);
  expect(isColoured(true, { NO_COLOR: "1" })).toBe(false);
  expect(isColoured(true, { NO_COLOR: "" })).toBe(true);
  expect(isColoured(true, { TERM: "dumb" })).toBe(false);
  expect(isColoured(false, { FORCE_COLOR: "1" })).toBe(true);
  expect(isColoured(false, { FORCE_COLOR: "0" })).toBe(false);
  expect(isColoured(false, { FORCE_COLOR: "1", NO_COLOR: "1" })).toBe(false);
});

test("a style ends where its text ends", () => {
  const style = styleFor(true, {});
  expect(style.bold("a") + style.green("b")).toBe("\x1b[1ma\x1b[22m\x1b[32mb\x1b[39m");
  expect(style.dim("")).toBe("");
});
