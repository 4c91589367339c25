import { CellError } from "../../base/mod.ts";
import type { Definitions, Schema, Type } from "../schema.ts";
import type { Codec, MethodCodec } from "./codec.ts";

export type { Codec, MethodCodec } from "./codec.ts";

/** The codecs of a method, compiled at their first use. */
export function compileMethod(_schema: Schema, _methodName: string): MethodCodec {
  throw new CellError("UNIMPLEMENTED", "compileMethod");
}

/** The codec of a type. */
export function compileCodec(_type: Type, _definitions: Definitions, _rootPath: string): Codec {
  throw new CellError("UNIMPLEMENTED", "compileCodec");
}

/** The codec of values that no schema describes. */
export function unknownCodec(_rootPath: string): Codec {
  throw new CellError("UNIMPLEMENTED", "unknownCodec");
}
