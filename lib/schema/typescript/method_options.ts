import type ts from "typescript";
import type { Method } from "../schema.ts";
import type { ReadContext } from "./context.ts";
import { symbolOf } from "./written.ts";
import { SDK_FILE } from "./virtual_files.ts";

/**
 * What `export const f = method({ idempotent: true, timeoutMs: 500 }, ...)` says, as far as it is written as constants:
 * callers in other languages read it in the schema. The runtime asks the function itself.
 */
export function methodOptions(
  context: ReadContext,
  declaration: ts.Node | undefined,
): Pick<Method, "idempotent" | "timeoutMs"> {
  const { compiler } = context;
  const call = declaration === undefined ? undefined : initializerOf(context, declaration);
  if (call === undefined || !compiler.isCallExpression(call) || !isMethod(context, call.expression)) return {};
  const [options] = call.arguments;
  if (options === undefined || !compiler.isObjectLiteralExpression(options)) return {};
  const result: Pick<Method, "idempotent" | "timeoutMs"> = {};
  for (const property of options.properties) {
    if (!compiler.isPropertyAssignment(property)) continue;
    const name = property.name.getText();
    const value = constant(context, property.initializer);
    if (name === "idempotent" && value === true) result.idempotent = true;
    if (name === "timeoutMs" && typeof value === "number" && Number.isFinite(value)) result.timeoutMs = value;
  }
  return result;
}

function initializerOf({ compiler }: ReadContext, declaration: ts.Node): ts.Expression | undefined {
  if (compiler.isVariableDeclaration(declaration) || compiler.isPropertyDeclaration(declaration)) {
    return declaration.initializer;
  }
  return compiler.isExportAssignment(declaration) ? declaration.expression : undefined;
}

function isMethod(context: ReadContext, callee: ts.Expression): boolean {
  const symbol = symbolOf(context, callee);
  return symbol?.name === "method" &&
    symbol.declarations?.some((declaration) => declaration.getSourceFile().fileName === SDK_FILE) === true;
}

/** The value of a literal, a constant, or a product or sum of them. */
function constant(context: ReadContext, expression: ts.Expression): number | boolean | undefined {
  const { compiler, checker } = context;
  const { SyntaxKind } = compiler;
  if (expression.kind === SyntaxKind.TrueKeyword) return true;
  if (compiler.isParenthesizedExpression(expression)) return constant(context, expression.expression);
  if (!compiler.isBinaryExpression(expression)) {
    const type = checker.getTypeAtLocation(expression);
    return type.isNumberLiteral() ? type.value : undefined;
  }
  const left = constant(context, expression.left);
  const right = constant(context, expression.right);
  if (typeof left !== "number" || typeof right !== "number") return undefined;
  switch (expression.operatorToken.kind) {
    case SyntaxKind.AsteriskToken:
      return left * right;
    case SyntaxKind.PlusToken:
      return left + right;
    default:
      return undefined;
  }
}
