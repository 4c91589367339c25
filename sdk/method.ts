import type { MethodOptions } from "cell";
import { setMethodOptions } from "../lib/service/mod.ts";

/** Gives an exported function options; returns the function. Throws INVALID_ARGUMENT for options that cannot be. */
// deno-lint-ignore no-explicit-any -- any function is a method; `unknown` would refuse those with typed parameters
export function method<F extends (...args: any[]) => unknown>(options: MethodOptions, fn: F): F {
  setMethodOptions(fn, options);
  return fn;
}
