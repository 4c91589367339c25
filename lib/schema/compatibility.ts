import { CellError } from "../base/mod.ts";
import type { Definitions, Method, Schema } from "./schema.ts";

/** One difference between two versions of a service. */
export interface Change {
  /** Where, such as `greet.args[0].age`. */
  path: string;
  /** Whether callers of the old version can go on calling the new one. */
  compatible: boolean;
  /** What differs and why it does or does not matter. */
  message: string;
}

/** A method and the types that it refers to. */
export interface MethodWithTypes {
  method: Method;
  types: Definitions;
}

/** All differences from an old version of a service to a new one. */
export function compareSchemas(_old: Schema, _new: Schema): Change[] {
  throw new CellError("UNIMPLEMENTED", "compareSchemas");
}

/** The differences between the method a caller was compiled against and the server's: callable if all are compatible. */
export function compareMethods(_caller: MethodWithTypes, _server: MethodWithTypes): Change[] {
  throw new CellError("UNIMPLEMENTED", "compareMethods");
}
