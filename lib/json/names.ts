import { type Definitions, type Method, resolve, type Type, unionPlan } from "../schema/mod.ts";
import { fieldsParam, wholeType } from "./arguments.ts";
import { innerType, namesWithin } from "./place.ts";

/** A name that may be assigned to, and the values that it can have if they are few. */
export interface AssignableName {
  name: string;
  values: string[];
}

/** The names that may follow `path` in an assignment: of fields, parameters, or parts of them. For tab completion. */
export function assignableNames(method: Method, path: readonly string[], definitions: Definitions): AssignableName[] {
  const fields = method.params[fieldsParam(method, definitions)];
  const byName = (name: string): Type | undefined => {
    const param = method.params.find((candidate) => candidate.name === name && !candidate.stream);
    return param === undefined ? undefined : wholeType(param);
  };
  const [first, ...rest] = path;
  let type = fields?.type;
  if (fields === undefined) {
    if (first === undefined) {
      const names = method.params.filter((param) => !param.stream).map(({ name }) => name);
      return names.map((name) => ({ name, values: valuesOf(byName(name), definitions) }));
    }
    type = byName(first);
  }
  for (const name of fields === undefined ? rest : path) {
    type = type === undefined ? undefined : innerType(type, name, undefined, definitions);
  }
  if (type === undefined) return [];
  const names = namesWithin(type, definitions) ?? [];
  return names.map((name) => ({ name, values: valuesOf(innerType(type, name, undefined, definitions), definitions) }));
}

/** The literals of a type, as text. */
function valuesOf(type: Type | undefined, definitions: Definitions): string[] {
  if (type === undefined || resolve(type, definitions).kind === "unknown") return [];
  const { strings, numbers, bigints, booleans } = unionPlan(type, definitions);
  return [...strings, ...numbers.map(String), ...bigints, ...booleans.map(String)];
}
