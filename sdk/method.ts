import type { MethodOptions } from "cell";
import { setMethodOptions } from "../lib/service/mod.ts";

/** Gives an exported function options; returns the function. Throws INVALID_ARGUMENT for options that cannot be. */
// deno-lint-ignore ban-types -- a function type with parameters would give its `any` to those that have no annotation
export function method<F extends Function>(options: MethodOptions, fn: F): F {
  setMethodOptions(fn, options);
  return fn;
}
