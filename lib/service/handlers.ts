import { CellError } from "../base/mod.ts";
import type { Handler } from "../rpc/mod.ts";
import type { Schema } from "../schema/mod.ts";
import type { Exports } from "./import_file.ts";
import { methodOptionsOf } from "./method_options.ts";
import { userFrames } from "./user_frames.ts";

/**
 * The function behind each method of `schema`: an export of the module, or with `isClass` a method of the one instance of
 * its default export. What `method(...)` was told about a function is written into the schema.
 */
export function handlersOf(
  path: string,
  exports: Exports,
  schema: Schema,
  isClass: boolean,
): Record<string, Handler> {
  const self = isClass ? instantiate(path, exports["default"]) : undefined;
  const source = self ?? exports;
  const handlers: Record<string, Handler> = Object.create(null);
  for (const [name, method] of Object.entries(schema.methods)) {
    const fn = source[name];
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
