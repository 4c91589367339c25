import type ts from "typescript";
import type { Property, Type } from "../schema.ts";
import { convertBuiltin, hintFor, isRefused } from "./builtins.ts";
import { isBehaviourOfClass, refusalOfClass } from "./class_data.ts";
import { constrained } from "./constraints.ts";
import { inside, isFromLibrary, nameNode, ownNode, type Place, type ReadContext } from "./context.ts";
import { convertType, UNREADABLE } from "./convert.ts";
import { docField, docOf } from "./jsdoc.ts";
import { convertTuple } from "./tuples.ts";
import { convertOptional } from "./unions.ts";
import { annotationOf, argument, type Written } from "./written.ts";

/** An array, a tuple, something of the library, or an object with properties. */
export function convertObject(context: ReadContext, type: ts.ObjectType, place: Place, written: Written): Type {
  const { checker, problems } = context;
  if (checker.isArrayType(type)) {
    const item = checker.getTypeArguments(type as ts.TypeReference)[0]!;
    return { kind: "array", items: convertType(context, item, inside(place, "[]"), argument(context, written, 0)) };
  }
  if (checker.isTupleType(type)) return convertTuple(context, type as ts.TupleTypeReference, place, written);
  const symbol = type.getSymbol();
  if (symbol !== undefined && isFromLibrary(symbol)) {
    const builtin = convertBuiltin(context, symbol.name, type, place, written);
    if (builtin !== undefined) return builtin;
    if (hasBehaviour(context, type)) {
      problems.add(place, `${symbol.name} cannot cross the wire`, hintFor(symbol.name));
      return UNREADABLE;
    }
  }
  return convertProperties(context, type, place, written);
}

/** Whether a type of the library is more than data: its methods would be lost. */
function hasBehaviour(context: ReadContext, type: ts.Type): boolean {
  const { SymbolFlags } = context.compiler;
  return isRefused(type.symbol.name) || type.getCallSignatures().length > 0 ||
    type.getConstructSignatures().length > 0 ||
    context.checker.getPropertiesOfType(type).some((property) => property.flags & SymbolFlags.Method);
}

/** Whether a type of the library is sent as something else than an object with properties. */
export function isContainer(context: ReadContext, type: ts.Type): boolean {
  const { checker } = context;
  if (checker.isArrayType(type) || checker.isTupleType(type)) return true;
  const symbol = type.getSymbol();
  return symbol !== undefined && isFromLibrary(symbol) && hasBehaviour(context, type);
}

/** Whether a type only marks another one, such as `{ readonly __brand: "UserId" }`: no value has such a property. */
export function isBrand(context: ReadContext, type: ts.Type): boolean {
  return context.checker.getPropertiesOfType(type).every((property) =>
    property.name.startsWith("__") || isBrandSymbol(context, property)
  );
}

/** A property whose key is a symbol that exists for the checker only, as in `declare const brand: unique symbol`. */
function isBrandSymbol({ compiler, checker }: ReadContext, property: ts.Symbol): boolean {
  if (!String(property.escapedName).startsWith("__@")) return false;
  return (property.declarations ?? []).some((declaration) => {
    const name = nameNode(declaration);
    if (!compiler.isComputedPropertyName(name)) return false;
    const key = checker.getSymbolAtLocation(name.expression)?.valueDeclaration;
    return key !== undefined && compiler.isVariableDeclaration(key) &&
      (compiler.getCombinedModifierFlags(key) & compiler.ModifierFlags.Ambient) !== 0;
  });
}

/** An object type, or an intersection of several, as an object with properties. */
export function convertProperties(context: ReadContext, type: ts.Type, place: Place, written?: Written): Type {
  const { checker, problems } = context;
  const refuse = (message: string, hint: string): Type => {
    problems.add(place, message, hint);
    return UNREADABLE;
  };
  if (type.getCallSignatures().length > 0 || type.getConstructSignatures().length > 0) {
    return refuse("a function cannot cross the wire", hintFor("Function"));
  }
  const refusal = refusalOfClass(context, type);
  if (refusal !== undefined) return refuse(refusal.message, refusal.hint);
  const properties: { [name: string]: Property } = {};
  for (const property of checker.getPropertiesOfType(type)) {
    if (isBehaviourOfClass(context, property) || isBrandSymbol(context, property)) continue;
    const declaration = property.valueDeclaration ?? property.declarations?.[0];
    const at = inside(
      place,
      step(property, declaration),
      declaration && ownNode(context, nameNode(declaration)),
    );
    if (property.name === "__proto__" || String(property.escapedName).startsWith("__@")) {
      problems.add(at, "a property with this key cannot cross the wire", "use a property with another name");
      continue;
    }
    properties[property.name] = convertProperty(context, property, declaration, at, recordValue(context, written));
  }
  const index = convertIndex(context, type, place, recordValue(context, written));
  if (index === undefined && isOpen(context, type)) {
    return refuse(
      `${checker.typeToString(type)} admits every value but null and undefined`,
      "write unknown for any value, Record<string, unknown> for any object",
    );
  }
  return { kind: "object", properties, ...(index === undefined ? {} : { index }) };
}

function convertProperty(
  context: ReadContext,
  property: ts.Symbol,
  declaration: ts.Declaration | undefined,
  place: Place,
  recordValue: Written,
): Property {
  const { compiler, checker } = context;
  const declared = checker.getTypeOfSymbol(property);
  const { type, optional } = convertOptional(context, declared, place, annotationOf(declaration) ?? recordValue);
  const isOptional = optional || (property.flags & compiler.SymbolFlags.Optional) !== 0;
  const doc = declaration === undefined ? undefined : docOf(compiler, declaration);
  const isRetyped = doc !== undefined && isMapped(context, property) && !sameType(context, declared, declaration!);
  let result = isRetyped ? type : constrained(context, type, doc, place);
  for (const other of property.declarations ?? []) {
    // In an intersection a property has a declaration, and maybe constraints, in each of its objects.
    if (other === declaration || !sameType(context, declared, other)) continue;
    result = constrained(context, result, docOf(compiler, other), place);
  }
  return {
    ...docField(doc),
    type: result,
    ...(isOptional ? { optional: true as const } : {}),
  };
}

/**
 * Whether a mapped type made a property from another one: `{ [K in keyof T]: boolean }` keeps the comments of T, whose
 * constraints then are about another type. The mark is in a field of the compiler that is not public.
 */
function isMapped(context: ReadContext, property: ts.Symbol): boolean {
  const { getCheckFlags, CheckFlags } = context.compiler as unknown as {
    getCheckFlags(symbol: ts.Symbol): number;
    CheckFlags: { Mapped: number };
  };
  return (getCheckFlags(property) & CheckFlags.Mapped) !== 0;
}

function sameType(context: ReadContext, type: ts.Type, declaration: ts.Declaration): boolean {
  const { checker } = context;
  const original = checker.getTypeAtLocation(declaration);
  return checker.getNonNullableType(type) === checker.getNonNullableType(original);
}

/** The node of T in `Record<string, T>`, which no declaration shows. */
function recordValue(context: ReadContext, written: Written): Written {
  const { compiler } = context;
  const isRecord = written !== undefined && compiler.isTypeReferenceNode(written) &&
    written.typeName.getText() === "Record";
  return isRecord ? argument(context, written, 1) : undefined;
}

function convertIndex(
  context: ReadContext,
  type: ts.Type,
  place: Place,
  recordValue: Written,
): Type | undefined {
  const { compiler, checker, problems } = context;
  const { TypeFlags } = compiler;
  const infos = checker.getIndexInfosOfType(type);
  let index: Type | undefined;
  for (const { keyType, type: value, declaration } of infos) {
    if (keyType.flags & TypeFlags.String) {
      index = convertType(context, value, inside(place, "[string]"), annotationOf(declaration) ?? recordValue);
      continue;
    }
    // A number index beside a string index adds nothing: the keys are strings on the wire.
    if (keyType.flags & TypeFlags.Number && infos.some((info) => info.keyType.flags & TypeFlags.String)) continue;
    problems.add(
      inside(place, "", declaration && ownNode(context, declaration)),
      `keys of type ${checker.typeToString(keyType)} become strings in an object`,
      "write Record<string, ...>, or a Map for keys that are no strings",
    );
    index = UNREADABLE;
  }
  return index;
}

/** Whether a type without properties was declared so, which admits everything; `return {}` gives one that is empty. */
function isOpen({ compiler, checker }: ReadContext, type: ts.Type): boolean {
  if (checker.getPropertiesOfType(type).length > 0) return false;
  const symbol = type.getSymbol();
  if (symbol === undefined) return true;
  const isDeclared = symbol.flags & (compiler.SymbolFlags.TypeLiteral | compiler.SymbolFlags.Interface);
  const isComputed = (type as ts.ObjectType).objectFlags & compiler.ObjectFlags.Mapped;
  return Boolean(isDeclared) && !isComputed;
}

/** How a property looks in a path. */
function step(property: ts.Symbol, declaration: ts.Declaration | undefined): string {
  if (/^[A-Za-z_$][\w$]*$/.test(property.name)) return `.${property.name}`;
  // The compiler's name for a property with a symbol as its key says nothing to people.
  const isSymbol = String(property.escapedName).startsWith("__@");
  return isSymbol && declaration !== undefined ? nameNode(declaration).getText() : `[${JSON.stringify(property.name)}]`;
}
