import type ts from "typescript";
import type { Method } from "../schema.ts";
import { refuseConstraints } from "./constraints.ts";
import { inside, ownNode, type Place, type ReadContext } from "./context.ts";
import { convertType } from "./convert.ts";
import type { MethodSource } from "./exports.ts";
import { docField, docOf } from "./jsdoc.ts";
import { methodOptions } from "./method_options.ts";
import { readParameters } from "./parameters.ts";
import { type Stream, streamResult } from "./streams.ts";
import { argument, type Written } from "./written.ts";

/** Reads the signature of one method. Whatever it says that a call cannot carry becomes a problem. */
export function readMethod(context: ReadContext, method: MethodSource): Omit<Method, "gene"> | undefined {
  const signature = onlySignature(context, method);
  if (signature === undefined) return undefined;
  const documented = documentedNode(context, method.declaration);
  const doc = documented && docOf(context.compiler, documented);
  refuseConstraints(context, doc, method.name, "a function");
  return {
    ...docField(doc),
    params: readParameters(context, signature, doc, method.place),
    ...readResult(context, signature, method.place),
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
  const at = inside(place, " → result", annotation);
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
