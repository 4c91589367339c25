import type ts from "typescript";

/**
 * Whether a file has types that are not `any` although they are made from `any`: a conditional type takes both its
 * branches then, and `Parameters<any>` is `unknown[]`. Everything else that is made from `any` is `any`.
 */
export function turnsAnyIntoMore(compiler: typeof ts, file: ts.SourceFile): boolean {
  if (/\b(Constructor)?Parameters\s*</.test(file.text)) return true;
  // Most files need no look at their tree.
  if (!/\bextends\b[^]*\?/.test(file.text)) return false;
  const hasConditional = (node: ts.Node): boolean =>
    compiler.isConditionalTypeNode(node) || compiler.forEachChild(node, hasConditional) === true;
  return hasConditional(file);
}
