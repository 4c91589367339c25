import { compileMethod, type MethodCodec, type Schema, unknownCodec } from "../schema/mod.ts";
import { type Gene, geneOf } from "../wire/mod.ts";
import { DEFAULT_TIMEOUT_MS } from "./limits.ts";

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
  /** What the method's own options say. */
  readonly timeoutMs: number | undefined;
  /** How long a call waits when its caller does not say. */
  readonly defaultTimeoutMs: number;
}

/** A method of the schema that the client calls with, at `index` of the server's. */
export function clientMethod(schema: Schema, name: string, index: number): ClientMethod {
  const method = schema.methods[name]!;
  const streamParam = method.params.findIndex(({ stream }) => stream === true);
  const resultStream = method.resultStream === true;
  const hasStreams = resultStream || streamParam !== -1;
  return {
    name,
    index,
    gene: geneOf(method.gene),
    codec: compileMethod(schema, name),
    streamParam,
    resultStream,
    timeoutMs: method.timeoutMs,
    defaultTimeoutMs: method.timeoutMs ?? (hasStreams ? Infinity : DEFAULT_TIMEOUT_MS),
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
    defaultTimeoutMs: DEFAULT_TIMEOUT_MS,
  };
}
