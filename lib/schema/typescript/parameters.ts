import type ts from "typescript";
import type { Param } from "../schema.ts";
import { constrained } from "./constraints.ts";
import { inside, ownNode, type Place, type ReadContext } from "./context.ts";
import { convertType, UNREADABLE } from "./convert.ts";
import { type Doc, docField, docOf, paramDoc } from "./jsdoc.ts";
import { streamParameter } from "./streams.ts";
import { convertOptional } from "./unions.ts";
import { annotationOf, argument, type Written } from "./written.ts";

/** Reads the parameters of a signature, whose comment may describe them. */
export function readParameters(
  context: ReadContext,
  signature: ts.Signature,
  doc: Doc | undefined,
  place: Place,
): Param[] {
  const { checker, problems } = context;
  const params: Param[] = [];
  for (const [index, symbol] of signature.parameters.entries()) {
    const declaration = symbol.valueDeclaration;
    const name = paramName(context, symbol, index);
    const node = ownNode(context, declaration);
    const at = inside(place, ` → args[${index}]`, node);
    const type = checker.getTypeOfSymbol(symbol);
    const about = { name, ...docField(paramDoc(doc, name)) };
    if (isRest(context, declaration)) params.push(...readRest(context, type, about, at, annotationOf(declaration)));
    else params.push(readParam(context, type, about, declaration, at));
  }
  if (params.filter((param) => param.stream).length > 1) {
    problems.add(
      place,
      "a method takes at most one stream",
      "send the others as arrays, or merge the streams into one",
    );
  }
  return params;
}

function readParam(
  context: ReadContext,
  type: ts.Type,
  about: Pick<Param, "name" | "doc">,
  declaration: ts.Declaration | undefined,
  place: Place,
): Param {
  const { compiler, checker, problems } = context;
  const written = annotationOf(declaration);
  const isParameter = declaration !== undefined && compiler.isParameter(declaration);
  const isOptional = isParameter && checker.isOptionalParameter(declaration);
  const stream = streamParameter(context, checker.getNonNullableType(type), written);
  if (stream !== undefined) {
    if (isOptional || checker.getNonNullableType(type) !== type) {
      problems.add(place, "a stream cannot be optional", "leave the question mark out: an empty stream says the same");
    }
    const item = convertType(context, stream.item, inside(place, "[]"), stream.written);
    return { ...about, type: item, stream: true };
  }
  const converted = convertOptional(context, type, place, written);
  const doc = isParameter ? docOf(compiler, declaration) : undefined;
  const described = { ...about, ...(about.doc === undefined ? docField(doc) : {}) };
  const plain = constrained(context, converted.type, doc, place);
  if (isOptional) return { ...described, type: plain, optional: true };
  // `(unit = "s", value: number)`: callers may say undefined for the first, but not leave it out.
  const hasDefault = isParameter && declaration.initializer !== undefined;
  if (!converted.optional && !hasDefault || plain.kind === "undefined") return { ...described, type: plain };
  return { ...described, type: { kind: "union", members: [...membersOf(plain), { kind: "undefined" }] } };
}

function membersOf(type: Param["type"]): Param["type"][] {
  return type.kind === "union" ? type.members : [type];
}

/** `...values: T[]`, or `...values: [a: A, b?: B]`, which is as many parameters. */
function readRest(
  context: ReadContext,
  type: ts.Type,
  about: Pick<Param, "name" | "doc">,
  place: Place,
  written: Written,
): Param[] {
  const { compiler, checker, problems } = context;
  if (checker.isArrayType(type)) {
    const item = checker.getTypeArguments(type as ts.TypeReference)[0]!;
    return [restParam(context, item, about, place, argument(context, written, 0))];
  }
  if (!checker.isTupleType(type)) {
    problems.add(place, "a rest parameter must be an array or a tuple", "write ...values: T[]");
    return [];
  }
  const { elementFlags, labeledElementDeclarations } = (type as ts.TupleTypeReference).target;
  const { ElementFlags } = compiler;
  return checker.getTypeArguments(type as ts.TypeReference).flatMap((element, index): Param[] => {
    const flags = elementFlags[index]!;
    const label = labeledElementDeclarations?.[index]?.name.getText();
    const named = { ...about, name: label ?? `${about.name}${index}` };
    if (flags & ElementFlags.Variadic || (flags & ElementFlags.Rest && index < elementFlags.length - 1)) {
      problems.add(place, "only the last parameter can stand for any number of values", "move it to the end");
      return [];
    }
    if (flags & ElementFlags.Rest) return [restParam(context, element, named, place, undefined)];
    if (flags & ElementFlags.Required) {
      return [{ ...named, type: convertType(context, element, inside(place, `[${index}]`)) }];
    }
    return [{
      ...named,
      type: convertOptional(context, element, inside(place, `[${index}]`), undefined).type,
      optional: true,
    }];
  });
}

function restParam(
  context: ReadContext,
  item: ts.Type,
  about: Pick<Param, "name" | "doc">,
  place: Place,
  written: Written,
): Param {
  if (streamParameter(context, item, undefined) !== undefined) {
    context.problems.add(place, "a rest parameter cannot hold streams", "take one AsyncIterable parameter");
    return { ...about, type: UNREADABLE, rest: true };
  }
  return { ...about, type: convertType(context, item, inside(place, "[]"), written), rest: true };
}

function isRest({ compiler }: ReadContext, declaration: ts.Declaration | undefined): boolean {
  return declaration !== undefined && compiler.isParameter(declaration) && declaration.dotDotDotToken !== undefined;
}

/** A destructured parameter has no name of its own. */
function paramName({ compiler }: ReadContext, symbol: ts.Symbol, index: number): string {
  const declaration = symbol.valueDeclaration;
  const isNamed = declaration === undefined || !compiler.isParameter(declaration) ||
    compiler.isIdentifier(declaration.name);
  return isNamed && !symbol.name.startsWith("__") ? symbol.name : index === 0 ? "input" : `input${index + 1}`;
}
