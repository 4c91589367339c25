import { compileMethod, type MethodCodec, type Schema, unknownCodec } from "../schema/mod.ts";
import { type Gene, geneOf } from "../wire/mod.ts";

/** What a client knows of a method in order to call it. */
export interface ClientMethod {
  readonly name: string;
  /** Place in the server's schema. */
  readonly index: number;
  readonly gene: Gene;
  readonly codec: MethodCodec;
  /** Place of the stream parameter among the arguments; -1 without one. */
  readonly streamParam: number;
  readonly resultStream: boolean;
  readonly timeoutMs: number | undefined;
}

/** A method of the schema that the client calls with, at `index` of the server's. */
export function clientMethod(schema: Schema, name: string, index: number): ClientMethod {
  const method = schema.methods[name]!;
  return {
    name,
    index,
    gene: geneOf(method.gene),
    codec: compileMethod(schema, name),
    streamParam: method.params.findIndex(({ stream }) => stream === true),
    resultStream: method.resultStream === true,
    timeoutMs: method.timeoutMs,
  };
}

/** A method that every server has. */
export function reservedMethod(name: string, index: number): ClientMethod {
  return {
    name,
    index,
    gene: { low: 0, high: 0 },
    codec: { args: unknownCodec("args") as MethodCodec["args"], result: unknownCodec("result") },
    streamParam: -1,
    resultStream: false,
    timeoutMs: undefined,
  };
}
