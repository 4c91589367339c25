import { CellError } from "../base/mod.ts";
import type { Handler } from "../rpc/mod.ts";
import type { ReadResult } from "../schema/typescript/mod.ts";
import type { Exports } from "./import_file.ts";
import { methodOptionsOf } from "./method_options.ts";
import { userFrames } from "./user_frames.ts";

/** What of a service's types says which export, or which member of the default class, a method is. */
export type HandlersSource = Pick<ReadResult, "schema" | "origins" | "defaultClass">;

/**
 * The function behind each method: an export of the module, or a member of the one instance of its default-exported class.
 * What `method(...)` was told about a function is written into the schema.
 */
export function handlersOf(
  path: string,
  exports: Exports,
  { schema, origins, defaultClass }: HandlersSource,
): Record<string, Handler> {
  const instance = defaultClass ? instantiate(path, exports["default"]) : undefined;
  const handlers: Record<string, Handler> = {};
  for (const [name, method] of Object.entries(schema.methods)) {
    const origin = origins[name]!;
    const self = origin.member === undefined ? undefined : instance;
    const fn = origin.member === undefined ? exports[origin.export] : self?.[origin.member];
    if (typeof fn !== "function") {
      throw new CellError(
        "FAILED_PRECONDITION",
        `serving ${name} of ${path}: expected a function at run time, found ${fn === null ? "null" : typeof fn}`,
      );
    }
    const options = methodOptionsOf(fn);
    if (options?.idempotent) method.idempotent = true;
    if (options?.timeoutMs !== undefined) method.timeoutMs = options.timeoutMs;
    handlers[name] = {
      fn: fn as Handler["fn"],
      ...(self === undefined ? {} : { self }),
      ...(options === undefined ? {} : { options }),
    };
  }
  return handlers;
}

function instantiate(path: string, exported: unknown): Exports {
  if (typeof exported !== "function") {
    throw new CellError("FAILED_PRECONDITION", `serving ${path}: its default export is not a class at run time`);
  }
  try {
    return new (exported as new () => Exports)();
  } catch (error) {
    const { name, message } = error instanceof Error ? error : { name: "a value", message: String(error) };
    const frames = error instanceof Error ? userFrames(error) : [];
    const text = `the constructor of the default export of ${path} threw ${name}: ${message}`;
    throw new CellError("INVALID_ARGUMENT", [text, ...frames].join("\n"), { cause: error });
  }
}
