import type ts from "typescript";
import { METHOD_NAME } from "../limits.ts";
import type { ReadContext } from "./context.ts";
import type { MethodSource } from "./exports.ts";

/** Adds a method if its name is valid and free. One function under two names is two methods, unless one of the names is `default`. */
export function addMethod(
  context: ReadContext,
  methods: MethodSource[],
  method: MethodSource,
  symbol?: ts.Symbol,
): void {
  const same = methods.find(({ name }) => name === method.name);
  if (same === undefined) {
    if (isMethodName(context, method)) methods.push(method);
    return;
  }
  if (symbol !== undefined && symbol.valueDeclaration === same.declaration) return;
  context.problems.add(method.place, `there are two methods named ${method.name}`, "rename one of them");
}

function isMethodName(context: ReadContext, { name, place }: MethodSource): boolean {
  if (!METHOD_NAME.test(name)) {
    context.problems.add(
      place,
      `${JSON.stringify(name)} cannot be the name of a method`,
      "a name has 1 to 128 letters a-z and A-Z, digits, _ and $, and does not begin with a digit",
    );
    return false;
  }
  if (name === "then" || name === "__proto__") {
    const why = name === "then" ? "a module that exports it counts as a promise" : "it sets a prototype in JavaScript";
    context.problems.add(place, `${name} cannot be the name of a method: ${why}`, "choose another name");
    return false;
  }
  return true;
}
