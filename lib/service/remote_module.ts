import type { Schema } from "../schema/mod.ts";
import { openService, type RemoteService } from "./remote.ts";
import { callOfUnknownKind } from "./unknown_kind.ts";

/** A remote method as the importing code sees it. */
export type RemoteFunction = (...args: unknown[]) => Promise<unknown> | AsyncGenerator<unknown, void, void>;

/** What the functions of a service are made from: its schema or, failing that, the names that the importer uses. */
export type Knowledge = { readonly schema: Schema } | { readonly names: readonly string[] };

/** The exports of the module "cell:SERVICE": one function per method. The connection is made by the first call. */
export function remoteFunctions(
  service: string,
  known: Knowledge,
  callerService: string | undefined,
): Record<string, RemoteFunction> {
  const identity = callerService === undefined ? {} : { callerService };
  const pin = "schema" in known ? { schema: known.schema } : {};
  const remote = openService(service, { ...identity, ...pin });
  // A method may be named like anything, __proto__ included: properties are defined, on an object without a prototype.
  const functions: Record<string, RemoteFunction> = Object.create(null);
  const names = "schema" in known ? Object.keys(known.schema.methods) : known.names;
  for (const name of names) {
    const value = "schema" in known ? typed(remote, known.schema, name) : untyped(remote, name);
    Object.defineProperty(value, "name", { value: name });
    Object.defineProperty(functions, name, { value, enumerable: true });
  }
  return functions;
}

function typed(remote: RemoteService, schema: Schema, method: string): RemoteFunction {
  return schema.methods[method]?.resultStream
    ? (...args) => remote.stream(method, args)
    : (...args) => remote.call(method, args);
}

function untyped(remote: RemoteService, method: string): RemoteFunction {
  return (...args) => callOfUnknownKind(remote, method, args);
}
