import { CellError, didYouMean } from "../lib/base/mod.ts";
import type { Method, Schema } from "../lib/schema/mod.ts";

/** More methods than this are not worth a line when none is near. */
const LISTED_MAX = 10;

/** A method of a service; NOT_FOUND suggests near ones, or lists what there is. */
export function findMethod(schema: Schema, name: string): Method {
  const method = Object.hasOwn(schema.methods, name) ? schema.methods[name] : undefined;
  if (method !== undefined) return method;
  const names = Object.keys(schema.methods);
  const listed = names.slice(0, LISTED_MAX).join(", ") + (names.length > LISTED_MAX ? ", ..." : "");
  const hint = didYouMean(name, names) || ` It has ${listed || "none"}.`;
  throw new CellError("NOT_FOUND", `${schema.name} has no method "${name}".${hint}`);
}
