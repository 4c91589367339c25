import { CellError, didYouMean } from "../base/mod.ts";
import type { HandlerOptions } from "../rpc/mod.ts";

/** What each option has to be; the message continues "expected ". */
const RULES: { [Name in keyof Required<HandlerOptions>]: { expected: string; holds(value: unknown): boolean } } = {
  idempotent: { expected: "true or false", holds: (value) => typeof value === "boolean" },
  timeoutMs: {
    expected: "a number of milliseconds greater than 0",
    holds: (value) => typeof value === "number" && value > 0 && Number.isFinite(value),
  },
  maxConcurrency: {
    expected: "a whole number of at least 1, or Infinity",
    holds: (value) => typeof value === "number" && value >= 1 && (Number.isInteger(value) || value === Infinity),
  },
};

const optionsOf = new WeakMap<object, HandlerOptions>();

/**
 * Remembers what a function's types cannot say. The function itself stays as it is, so that it can be called as before.
 * Throws INVALID_ARGUMENT for options that are unknown or out of their bounds, and for a function that has some already.
 */
export function setMethodOptions(fn: object, options: HandlerOptions): void {
  if (typeof fn !== "function") {
    throw new CellError("INVALID_ARGUMENT", `method(options, fn): expected a function, found ${typeof fn}`);
  }
  if (typeof options !== "object" || options === null) {
    throw new CellError("INVALID_ARGUMENT", `method(options, fn): expected an object of options, found ${options}`);
  }
  if (optionsOf.has(fn)) {
    throw new CellError(
      "INVALID_ARGUMENT",
      "method(options, fn): this function has options already; give each method a function of its own",
    );
  }
  for (const [name, value] of Object.entries(options)) validate(name, value);
  optionsOf.set(fn, { ...options });
}

/** What `setMethodOptions` was told about a function. */
export function methodOptionsOf(fn: object): HandlerOptions | undefined {
  return optionsOf.get(fn);
}

function validate(name: string, value: unknown): void {
  if (!Object.hasOwn(RULES, name)) {
    throw new CellError(
      "INVALID_ARGUMENT",
      `method(options, fn): there is no option ${name}.${didYouMean(name, Object.keys(RULES))}`,
    );
  }
  if (value === undefined) return;
  const rule = RULES[name as keyof typeof RULES];
  if (rule.holds(value)) return;
  throw new CellError("INVALID_ARGUMENT", `method(options, fn): ${name}: expected ${rule.expected}, found ${value}`);
}
