import type ts from "typescript";
import { isFromLibrary, type ReadContext } from "./context.ts";

/**
 * The checker knows that a property is a `string`; only the source says that it was written `UserId`, an alias with a
 * description and constraints. So types are read together with the node they were written as, where there is one: it is
 * a hint, and `confirmed` drops it as soon as it no longer says the same as the checker.
 */
export type Written = ts.TypeNode | undefined;

/** The node, if it still stands for this very type; inside a generic type it stands for the type parameter instead. */
export function confirmed(context: ReadContext, type: ts.Type, written: Written): Written {
  const node = unwrapped(context, written);
  return node !== undefined && context.checker.getTypeFromTypeNode(node) === type ? node : undefined;
}

/** Without parentheses and `readonly`. */
function unwrapped(context: ReadContext, written: Written): Written {
  const { compiler } = context;
  if (written === undefined) return undefined;
  if (compiler.isParenthesizedTypeNode(written)) return unwrapped(context, written.type);
  return written;
}

/** The node of an array's element, or of a type argument. */
export function argument(context: ReadContext, written: Written, index: number): Written {
  const { compiler } = context;
  if (written === undefined) return undefined;
  if (compiler.isParenthesizedTypeNode(written)) return argument(context, written.type, index);
  if (compiler.isTypeOperatorNode(written)) return argument(context, written.type, index);
  if (compiler.isArrayTypeNode(written)) return index === 0 ? written.elementType : undefined;
  return compiler.isTypeReferenceNode(written) ? written.typeArguments?.[index] : undefined;
}

/** The nodes of a tuple's elements, without names, question marks and dots. */
export function tupleElements(context: ReadContext, written: Written): readonly ts.TypeNode[] {
  const { compiler } = context;
  if (written === undefined) return [];
  if (compiler.isParenthesizedTypeNode(written) || compiler.isTypeOperatorNode(written)) {
    return tupleElements(context, written.type);
  }
  if (!compiler.isTupleTypeNode(written)) return [];
  return written.elements.map((element) => {
    const inner = compiler.isNamedTupleMember(element) || compiler.isOptionalTypeNode(element) ||
        compiler.isRestTypeNode(element)
      ? element.type
      : element;
    const isRest = compiler.isRestTypeNode(element) ||
      (compiler.isNamedTupleMember(element) && element.dotDotDotToken !== undefined);
    return isRest ? argument(context, inner, 0) ?? inner : inner;
  });
}

/** The nodes of a union's members; none for what is not written as a union here. */
export function unionParts(context: ReadContext, written: Written): ts.TypeNode[] {
  const node = unwrapped(context, written);
  if (node === undefined || !context.compiler.isUnionTypeNode(node)) return [];
  return node.types.flatMap((part) => {
    const inner = unionParts(context, part);
    return inner.length > 0 ? inner : [part];
  });
}

/** The node that was written for a property, parameter or variable. */
export function annotationOf(declaration: ts.Node | undefined): Written {
  return (declaration as { type?: ts.TypeNode } | undefined)?.type;
}

/** The alias that a node names, if it has no type parameters and the type is not known under its name anyway. */
export function namedAlias(
  context: ReadContext,
  type: ts.Type,
  written: Written,
): { symbol: ts.Symbol; declaration: ts.TypeAliasDeclaration } | undefined {
  const { compiler, checker } = context;
  if (written === undefined || !compiler.isTypeReferenceNode(written) || written.typeArguments !== undefined) {
    return undefined;
  }
  const symbol = symbolOf(context, written.typeName);
  const declaration = symbol?.declarations?.find(compiler.isTypeAliasDeclaration);
  if (symbol === undefined || declaration === undefined || declaration.typeParameters !== undefined) return undefined;
  if (symbol === type.aliasSymbol || isFromLibrary(symbol)) return undefined;
  return checker.getDeclaredTypeOfSymbol(symbol) === type ? { symbol, declaration } : undefined;
}

/** What a name means, imports followed. */
export function symbolOf(context: ReadContext, name: ts.Node): ts.Symbol | undefined {
  const { compiler, checker } = context;
  const symbol = checker.getSymbolAtLocation(name);
  if (symbol === undefined || (symbol.flags & compiler.SymbolFlags.Alias) === 0) return symbol;
  return checker.getAliasedSymbol(symbol);
}
