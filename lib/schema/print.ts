import { CellError } from "../base/mod.ts";
import type { Method, Schema } from "./schema.ts";

/** A method's signature as a TypeScript programmer would write it. */
export function describeMethod(_name: string, _method: Method): string {
  throw new CellError("UNIMPLEMENTED", "describeMethod");
}

/** A service's methods and types as a TypeScript programmer would write them. */
export function describeSchema(_schema: Schema): string {
  throw new CellError("UNIMPLEMENTED", "describeSchema");
}

/** The text of `declare module "cell:NAME" { ... }`. */
export function declareModule(_schema: Schema): string {
  throw new CellError("UNIMPLEMENTED", "declareModule");
}
