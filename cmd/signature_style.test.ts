import { expect, test } from "bun:test";
import { styleFor } from "./color.ts";
import { styleSignatures } from "./signature_style.ts";

const TEXT = `/** Greets. */
greet(input: { name: string }): Promise<string>

interface Order {
  /**
   * In cents.
   */
  cents: number;
}`;

test("comments are dimmed and names of methods bold, and nothing else changes", () => {
  const styled = styleSignatures(TEXT, styleFor(true, {}));
  expect(styled).toContain("\x1b[2m/** Greets. */\x1b[22m\n\x1b[1mgreet\x1b[22m(input: ");
  expect(styled).toContain("\x1b[2m   * In cents.\x1b[22m");
  expect(styled).toContain("\ninterface Order {\n");
  expect(Bun.stripANSI(styled)).toBe(TEXT);
  expect(styleSignatures(TEXT, styleFor(false, {}))).toBe(TEXT);
});
