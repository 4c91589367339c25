import { CellError } from "../../base/mod.ts";
import type { Definitions, Schema, Type } from "../schema.ts";
import type { Codec, MethodCodec } from "./codec.ts";
import { CompiledCodec } from "./compile.ts";
import { argumentList } from "./wire_form.ts";

export type { Codec, MethodCodec } from "./codec.ts";

/** The codecs of a method. Their code is made at their first use; keep them. */
export function compileMethod(schema: Schema, methodName: string): MethodCodec {
  const method = Object.hasOwn(schema.methods, methodName) ? schema.methods[methodName] : undefined;
  if (method === undefined) {
    throw new CellError("NOT_FOUND", `the schema of ${schema.name} has no method ${JSON.stringify(methodName)}`);
  }
  const streamed = method.params.find((param) => param.stream);
  return {
    args: new CompiledCodec({ list: argumentList(method) }, schema.types, "args") as unknown as Codec<unknown[]>,
    result: compileCodec(method.result, schema.types, method.resultStream ? "item" : "result"),
    ...(streamed === undefined ? {} : { streamParam: compileCodec(streamed.type, schema.types, "item") }),
  };
}

/** The codec of a type. Its code is made at its first use; keep it. */
export function compileCodec(type: Type, definitions: Definitions, rootPath: string): Codec {
  return new CompiledCodec({ type }, definitions, rootPath);
}

/** The codec of values that no schema describes. */
export function unknownCodec(rootPath: string): Codec {
  return compileCodec({ kind: "unknown" }, {}, rootPath);
}
