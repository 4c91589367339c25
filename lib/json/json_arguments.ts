import { CellError } from "../base/mod.ts";
import type { Definitions, Method } from "../schema/mod.ts";
import { fromJson, type FromJsonOptions } from "./from_json.ts";

/** JSON that a program wrote may come from another version: what the type does not declare is left out. */
export const FROM_PROGRAM: FromJsonOptions = { undeclared: "skip" };

/**
 * The arguments that one JSON value gives for a method without a stream parameter: the value itself if the method has one
 * parameter, else an array by position or an object by name. Throws INVALID_ARGUMENT that begins with `what` where it is
 * neither.
 */
export function argumentsFromJson(
  json: unknown,
  { params }: Method,
  definitions: Definitions,
  what: string,
): unknown[] {
  const [only] = params;
  if (params.length === 1 && only !== undefined && !only.rest) {
    return [fromJson(json, only.type, definitions, "args[0]", FROM_PROGRAM)];
  }
  const isByName = typeof json === "object" && json !== null && !Array.isArray(json);
  if (!isByName && !Array.isArray(json)) {
    throw new CellError("INVALID_ARGUMENT", `${what}: expected an array of arguments, or an object by their names`);
  }
  const args = isByName ? byName(json as Record<string, unknown>, params) : json as unknown[];
  return args.map((value, index) => {
    // A rest parameter takes everything from its place on.
    const param = params[index] ?? params.findLast((candidate) => candidate.rest);
    if (param === undefined || value === undefined) return value;
    return fromJson(value, param.type, definitions, `args[${index}]`, FROM_PROGRAM);
  });
}

function byName(json: Record<string, unknown>, params: Method["params"]): unknown[] {
  return params.flatMap(({ name, rest }) => {
    const value = Object.hasOwn(json, name) ? json[name] : undefined;
    return rest && Array.isArray(value) ? value : rest && value === undefined ? [] : [value];
  });
}
