import type ts from "typescript";
import type { Method, Param } from "../schema.ts";
import { constrained, refuseConstraints } from "./constraints.ts";
import { inside, ownNode, type Place, type ReadContext } from "./context.ts";
import { convertType, UNREADABLE } from "./convert.ts";
import type { MethodSource } from "./exports.ts";
import { type Doc, docField, docOf, paramDoc } from "./jsdoc.ts";
import { methodOptions } from "./method_options.ts";
import { type Stream, streamParameter, streamResult } from "./streams.ts";
import { convertOptional } from "./unions.ts";
import { annotationOf, argument, type Written } from "./written.ts";

/** Reads the signature of one method. Whatever it says that a call cannot carry becomes a problem. */
export function readMethod(context: ReadContext, method: MethodSource): Omit<Method, "gene"> | undefined {
  const signature = onlySignature(context, method);
  if (signature === undefined) return undefined;
  const documented = documentedNode(context, method.declaration);
  const doc = documented && docOf(context.compiler, documented);
  refuseConstraints(context, doc, method.name, "a function");
  const place: Place = { ...method.place, path: `${method.name} → ` };
  const params = readParams(context, signature, doc, place);
  return {
    ...docField(doc),
    params,
    ...readResult(context, signature, place),
    ...methodOptions(context, method.declaration),
  };
}

/** A method has one signature, of its own and without type parameters. */
function onlySignature(context: ReadContext, { type, place, name }: MethodSource): ts.Signature | undefined {
  const signatures = type.getCallSignatures();
  const [signature] = signatures;
  const refuse = (message: string, hint: string): undefined => context.problems.add(place, message, hint) as undefined;
  if (signatures.length > 1) {
    return refuse(
      `${name} is overloaded: it has ${signatures.length} signatures`,
      "write one signature with optional parameters or unions, or several functions",
    );
  }
  if (signature?.typeParameters !== undefined) {
    const names = signature.typeParameters.map((parameter) => parameter.symbol.name).join(", ");
    return refuse(`${name} is generic in ${names}, which only callers know`, "write the types that it is called with");
  }
  if (thisParameter(context, signature) !== undefined) {
    return refuse(`${name} has a this parameter, which no caller can give`, "take it as an ordinary parameter");
  }
  return signature;
}

/** The checker keeps `this` apart from the other parameters, in a field that is not public. */
function thisParameter({ compiler }: ReadContext, signature: ts.Signature | undefined): ts.Symbol | undefined {
  const first = signature?.declaration?.parameters[0];
  if (first !== undefined && compiler.isParameter(first) && first.name.getText() === "this") {
    return (signature as unknown as { thisParameter?: ts.Symbol }).thisParameter;
  }
  return undefined;
}

/** A constant's comment stands before the whole statement. */
function documentedNode({ compiler }: ReadContext, declaration: ts.Node | undefined): ts.Node | undefined {
  if (declaration === undefined || !compiler.isVariableDeclaration(declaration)) return declaration;
  const statement = declaration.parent.parent;
  return compiler.isVariableStatement(statement) ? statement : declaration;
}

function readParams(context: ReadContext, signature: ts.Signature, doc: Doc | undefined, place: Place): Param[] {
  const { checker, problems } = context;
  const params: Param[] = [];
  for (const [index, symbol] of signature.parameters.entries()) {
    const declaration = symbol.valueDeclaration;
    const name = paramName(context, symbol, index);
    const node = ownNode(context, declaration);
    const at = inside(place, `args[${index}]`, node);
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

function readResult(
  context: ReadContext,
  signature: ts.Signature,
  place: Place,
): Pick<Method, "result" | "resultStream"> {
  const { compiler, checker } = context;
  const returned = signature.getReturnType();
  const awaited = checker.getAwaitedType(returned) ?? returned;
  const annotation = ownNode(context, signature.declaration?.type) as Written;
  const written = awaited === returned ? annotation : argument(context, annotation, 0);
  const at = inside(place, "result", annotation);
  const stream = streamResult(context, awaited, written);
  if (stream !== undefined) return readStream(context, stream, at);
  // A function that always throws returns never, which is no value to send.
  if (awaited.flags & compiler.TypeFlags.Never) return { result: { kind: "undefined" } };
  return { result: convertType(context, awaited, at, written) };
}

function readStream(context: ReadContext, stream: Stream, place: Place): Pick<Method, "result" | "resultStream"> {
  const { compiler, checker, problems } = context;
  if (stream.returned !== undefined) {
    problems.add(
      place,
      `the ${checker.typeToString(stream.returned)} that the generator returns at its end would be lost`,
      "yield it as the last item",
    );
  }
  if (stream.item.flags & compiler.TypeFlags.Never) return { result: { kind: "undefined" }, resultStream: true };
  const item = convertType(
    context,
    stream.item,
    { ...place, path: place.path.replace(/result$/, "item") },
    stream.written,
  );
  return { result: item, resultStream: true };
}
