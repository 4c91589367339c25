import { fromJson, type FromJsonOptions, parseJson, readArguments } from "../lib/json/mod.ts";
import type { Method, Schema } from "../lib/schema/mod.ts";
import { CellError } from "../lib/base/mod.ts";
import type { RemoteCallOptions, RemoteService } from "../lib/service/mod.ts";
import { markAnswered } from "./exit_code.ts";
import { findMethod } from "./find_method.ts";
import { type InputLine, stdinLines } from "./stdin_lines.ts";

/** Lines that a program wrote may come from another version: what the type does not declare is left out. */
const FROM_PROGRAM: FromJsonOptions = { undeclared: "skip" };

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

  /** Makes one call for each line of stdin, one after the other; the first that fails ends them. */
  async forEachLine(take: (value: unknown) => Promise<void> | void, options: RemoteCallOptions = {}): Promise<void> {
    for await (const line of stdinLines()) {
      try {
        await this.#call(argumentsOfLine(line, this.method, this.schema), take, options);
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
    for await (const line of stdinLines()) {
      const where = `stdin, line ${line.number}`;
      yield fromJson(parseJson(line.text, where), type, this.schema.types, where, FROM_PROGRAM);
    }
  }
}

/** A line is the argument of a method with one parameter; else an array by position or an object by name. */
function argumentsOfLine(line: InputLine, { params }: Method, { types }: Schema): unknown[] {
  const where = `stdin, line ${line.number}`;
  const json = parseJson(line.text, where);
  const [only] = params;
  if (params.length === 1 && only !== undefined && !only.rest) {
    return [fromJson(json, only.type, types, "args[0]", FROM_PROGRAM)];
  }
  const isByName = typeof json === "object" && json !== null && !Array.isArray(json);
  if (!isByName && !Array.isArray(json)) {
    throw new CellError("INVALID_ARGUMENT", `${where}: expected an array of arguments, or an object by their names`);
  }
  const args = isByName ? params.map(({ name }) => (json as Record<string, unknown>)[name]) : json as unknown[];
  return args.map((value, index) => {
    const param = params[Math.min(index, params.length - 1)];
    if (param === undefined || value === undefined) return value;
    return fromJson(value, param.type, types, `args[${index}]`, FROM_PROGRAM);
  });
}

function atLine(error: CellError, { number }: InputLine): CellError {
  const prefix = `stdin, line ${number}: `;
  if (error.message.startsWith(`stdin, line`)) return error;
  const moved = new CellError(error.code, prefix + error.message, {
    retryable: error.retryable,
    data: error.data,
    cause: error,
  });
  return markAnswered(moved) as CellError;
}

async function* iterate(items: readonly unknown[]): AsyncGenerator<unknown, void, void> {
  yield* items;
}
