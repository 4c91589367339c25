import { CellError, Writer } from "../lib/base/mod.ts";
import { argumentsFromJson, FROM_PROGRAM, fromJson, parseJson, readArguments } from "../lib/json/mod.ts";
import { compileCodec, type Method, type Schema } from "../lib/schema/mod.ts";
import type { RemoteCallOptions, RemoteService } from "../lib/service/mod.ts";
import { isAnswered, markAnswered } from "./exit_code.ts";
import { findMethod } from "./find_method.ts";
import { type InputLine, stdinLines } from "./stdin_lines.ts";

/** A method of a running service, and the arguments that a command line gives it. */
export class Invocation {
  private constructor(
    private readonly service: RemoteService,
    readonly schema: Schema,
    readonly methodName: string,
    readonly method: Method,
    private readonly args: readonly unknown[],
    readonly stdin: "unused" | "calls" | "stream",
  ) {}

  /** Finds the method and reads the words. Throws NOT_FOUND for the method, INVALID_ARGUMENT for the words. */
  static async prepare(service: RemoteService, methodName: string, words: readonly string[]): Promise<Invocation> {
    const schema = await service.schema();
    const method = findMethod(schema, methodName);
    const { args, stdin } = readArguments(words, methodName, method, schema.types);
    return new Invocation(service, schema, methodName, method, args, stdin);
  }

  /** Makes the call that the words describe; each result, or each item of a resulting stream, is given to `take`. */
  async once(take: (value: unknown) => Promise<void> | void, options: RemoteCallOptions = {}): Promise<void> {
    await this.#call(this.#withStream(this.args), take, options);
  }

  /**
   * What makes the call once more each time, and throws its results away: for measurements, so that nothing is done beside
   * the call itself. Its errors are not marked as answers.
   */
  repeated(): () => Promise<unknown> {
    const { service, methodName, method, args } = this;
    const hasStream = method.resultStream === true || method.params.some(({ stream }) => stream);
    if (hasStream) return () => this.once(() => {});
    return () => service.call(methodName, args);
  }

  /** Makes one call for each line of stdin, one after the other; the first that fails ends them. */
  async forEachLine(take: (value: unknown) => Promise<void> | void, options: RemoteCallOptions = {}): Promise<void> {
    for await (const line of stdinLines()) {
      try {
        const what = `stdin, line ${line.number}`;
        const args = argumentsFromJson(parseJson(line.text, what), this.method, this.schema.types, what);
        await this.#call(args, take, options);
      } catch (error) {
        throw error instanceof CellError ? atLine(error, line) : error;
      }
    }
  }

  async #call(
    args: readonly unknown[],
    take: (value: unknown) => Promise<void> | void,
    options: RemoteCallOptions,
  ): Promise<void> {
    try {
      if (this.method.resultStream) {
        for await (const item of this.service.stream(this.methodName, args, options)) await take(item);
      } else await take(await this.service.call(this.methodName, args, options));
    } catch (error) {
      throw markAnswered(error);
    }
  }

  /** Fills the stream's place: with what stdin gives, or with the items that were written as an argument. */
  #withStream(args: readonly unknown[]): unknown[] {
    const at = this.method.params.findIndex((param) => param.stream);
    if (at === -1) return [...args];
    const filled = [...args];
    filled[at] = this.stdin === "stream" ? this.#itemsFromStdin(at) : iterate((args[at] ?? []) as unknown[]);
    return filled;
  }

  async *#itemsFromStdin(at: number): AsyncGenerator<unknown, void, void> {
    const { type } = this.method.params[at]!;
    const codec = compileCodec(type, this.schema.types, "item");
    const scratch = new Writer();
    for await (const line of stdinLines()) {
      const where = `stdin, line ${line.number}`;
      const item = fromJson(parseJson(line.text, where), type, this.schema.types, where, FROM_PROGRAM);
      // The client encodes it as well, but does not know the line to blame.
      try {
        codec.encode(item, scratch);
      } catch (error) {
        throw error instanceof CellError ? atLine(error, line) : error;
      }
      scratch.reset();
      yield item;
    }
  }
}

function atLine(error: CellError, { number }: InputLine): CellError {
  const prefix = `stdin, line ${number}: `;
  if (error.message.startsWith(`stdin, line`)) return error;
  const moved = new CellError(error.code, prefix + error.message, {
    retryable: error.retryable,
    data: error.data,
    cause: error,
  });
  if (isAnswered(error)) markAnswered(moved);
  return moved;
}

async function* iterate(items: readonly unknown[]): AsyncGenerator<unknown, void, void> {
  yield* items;
}
