import { CellError } from "../base/mod.ts";
import type { Definitions, Type } from "./schema.ts";

/** A value of a type. `random` gives numbers from 0 to below 1. */
export function randomValue(_type: Type, _definitions: Definitions, _random: () => number): unknown {
  throw new CellError("UNIMPLEMENTED", "randomValue");
}
