import type ts from "typescript";
import { isFromLibrary, type ReadContext } from "./context.ts";

/** Longer names are no help; a number at the end tells the types apart instead. */
const NAME_LENGTH_MAX = 80;

/** The name of a generic type with its arguments: `Page` of `User` is `PageOfUser`. */
export function instantiationName(context: ReadContext, name: string, parameters: readonly ts.Type[]): string {
  const parts = parameters.map((parameter) => typeName(context, parameter, 0));
  if (parts.length === 0 || parts.includes(undefined)) return name;
  const whole = `${name}Of${parts.join("And")}`;
  return whole.length <= NAME_LENGTH_MAX ? whole : name;
}

/** A word for a type; undefined for one that no word fits. */
function typeName(context: ReadContext, type: ts.Type, depth: number): string | undefined {
  const { compiler, checker } = context;
  if (depth > 2) return undefined;
  const symbol = type.aliasSymbol ?? type.getSymbol();
  const parameters = type.aliasSymbol !== undefined
    ? type.aliasTypeArguments ?? []
    : (type as ts.ObjectType).objectFlags & compiler.ObjectFlags.Reference
    ? checker.getTypeArguments(type as ts.TypeReference)
    : [];
  if (checker.isArrayType(type)) {
    const item = typeName(context, parameters[0]!, depth + 1);
    return item === undefined ? undefined : `${item}List`;
  }
  if (symbol !== undefined && /^[A-Z]\w*$/.test(symbol.name)) {
    const isPlain = parameters.length === 0 || isFromLibrary(symbol) && /^(Date|Uint8Array|Buffer)$/.test(symbol.name);
    if (isPlain) return symbol.name;
    const parts = parameters.map((parameter) => typeName(context, parameter, depth + 1));
    return parts.includes(undefined) ? undefined : `${symbol.name}Of${parts.join("And")}`;
  }
  const text = checker.typeToString(type);
  return /^[a-z]\w*$/.test(text) ? text[0]!.toUpperCase() + text.slice(1) : undefined;
}
