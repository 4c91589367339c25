import { CellError, didYouMean, type Writer } from "../base/mod.ts";
import { type Codec, compareMethods, parseMethod, unknownCodec } from "../schema/mod.ts";
import { type Gene, geneOf } from "../wire/mod.ts";
import { type Hello, PROTOCOL_VERSION, Reflection, REFLECTION_FIRST } from "./reflection.ts";
import type { Server } from "./server.ts";

/** Answers the reserved methods, which every server has: who it is, what it offers, whether a signature fits, how it does. */
export class ServerReflection {
  private codec: Codec | undefined;

  constructor(private readonly server: Server) {}

  /**
   * The answer to the reserved method `method`; negotiating adds to `negotiated`. Throws NOT_FOUND for one that does not
   * exist.
   */
  answer(method: number, bytes: Uint8Array, start: number, end: number, negotiated: Map<number, Gene>): unknown {
    switch (method) {
      case Reflection.hello:
        return this.hello();
      case Reflection.schema:
        return this.server.schema;
      case Reflection.negotiate:
        return this.negotiate(this.args(bytes, start, end)[0], negotiated);
      case Reflection.stats:
        return this.server.stats();
      default:
        throw new CellError(
          "NOT_FOUND",
          `method 0x${method.toString(16)} is not defined; from 0x${
            REFLECTION_FIRST.toString(16)
          } on they are reserved`,
          { data: { started: false } },
        );
    }
  }

  encode(answer: unknown, writer: Writer): void {
    this.codec ??= unknownCodec("result");
    this.codec.encode(answer, writer);
  }

  private hello(): Hello {
    const { schema, instance, limits, startedAt } = this.server;
    return {
      protocol: PROTOCOL_VERSION,
      service: schema.name,
      instance,
      species: schema.species,
      pid: process.pid,
      uid: process.geteuid?.() ?? 0,
      startedAt,
      messageBytesMax: limits.messageBytesMax,
      connectionCallsMax: limits.connectionCallsMax,
    };
  }

  private negotiate(document: unknown, negotiated: Map<number, Gene>): { method: number } {
    const { name, method, types } = parseMethod(document);
    const { schema } = this.server;
    const served = this.server.methodNamed(name);
    if (served === undefined) {
      throw new CellError(
        "NOT_FOUND",
        `${schema.name} has no method ${name}.${didYouMean(name, Object.keys(schema.methods))}`,
        { data: { started: false } },
      );
    }
    const changes = compareMethods({ method, types }, { method: served.method, types: schema.types });
    const breaking = changes.filter(({ compatible }) => !compatible);
    if (breaking.length > 0) {
      const differences = breaking.map(({ path, message }) => `${path}: ${message}`).join("; ");
      throw new CellError(
        "FAILED_PRECONDITION",
        `calling ${schema.name}.${name}: the caller was compiled against a signature that does not fit: ${differences}`,
        { data: { started: false, reason: "gene", name, changes, method: served.method, types: schema.types } },
      );
    }
    negotiated.set(served.index, geneOf(method.gene));
    return { method: served.index };
  }

  private args(bytes: Uint8Array, start: number, end: number): unknown[] {
    this.codec ??= unknownCodec("args");
    const args = this.codec.decode(bytes, start, end);
    if (Array.isArray(args)) return args;
    throw new CellError("INVALID_ARGUMENT", "args: expected an array");
  }
}
