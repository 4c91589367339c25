import type ts from "typescript";
import { hintFor } from "./builtins.ts";
import { nameNode, type ReadContext } from "./context.ts";
import { isContainer } from "./objects.ts";

/** Why something cannot be sent, and what to write instead. */
export interface Refusal {
  message: string;
  hint: string;
}

/**
 * A class used as data is sent as its public properties and arrives as a plain object, so there must be nothing else to
 * it: no private state, and no ancestor that is more than data. The same goes for what an interface extends.
 */
export function refusalOfClass(context: ReadContext, type: ts.Type): Refusal | undefined {
  const inherited = inheritedRefusal(context, type);
  if (inherited !== undefined) return inherited;
  const state = privateState(context, type);
  if (state === undefined) return undefined;
  return {
    message: `${context.checker.typeToString(type)} has private state (${state}), which would be lost`,
    hint: "send an interface with the public data",
  };
}

/** Methods and accessors of a class are not in its instances' data. */
export function isBehaviourOfClass({ compiler }: ReadContext, property: ts.Symbol): boolean {
  if ((property.flags & (compiler.SymbolFlags.Method | compiler.SymbolFlags.Accessor)) === 0) return false;
  return (property.declarations ?? []).some((declaration) => compiler.isClassLike(declaration.parent));
}

/** The name of a private, protected or `#` property, if a type has one. */
function privateState(context: ReadContext, type: ts.Type): string | undefined {
  const { compiler, checker } = context;
  const hidden = compiler.ModifierFlags.Private | compiler.ModifierFlags.Protected;
  for (const property of checker.getPropertiesOfType(type)) {
    if (property.flags & (compiler.SymbolFlags.Method | compiler.SymbolFlags.Accessor)) continue;
    for (const declaration of property.declarations ?? []) {
      const name = nameNode(declaration);
      if (compiler.isPrivateIdentifier(name)) return name.text;
      if (compiler.getCombinedModifierFlags(declaration) & hidden) return property.name;
    }
  }
  return undefined;
}

/** What a class or an interface extends, if that cannot be sent or is not known. */
function inheritedRefusal(context: ReadContext, type: ts.Type): Refusal | undefined {
  const { compiler, checker } = context;
  for (const declaration of type.getSymbol()?.declarations ?? []) {
    if (!compiler.isClassLike(declaration) && !compiler.isInterfaceDeclaration(declaration)) continue;
    for (const clause of declaration.heritageClauses ?? []) {
      if (clause.token === compiler.SyntaxKind.ImplementsKeyword) continue;
      for (const base of clause.types) {
        const baseType = checker.getTypeAtLocation(base);
        if (baseType.flags & compiler.TypeFlags.Any) {
          context.problems.hasUnknownType = true;
          return {
            message: `the type of ${base.getText()}, which it extends, is not known`,
            hint: "declare or import it",
          };
        }
        if (!isContainer(context, baseType)) continue;
        const name = checker.typeToString(baseType);
        return { message: `what extends ${name} cannot cross the wire`, hint: hintFor(baseType.symbol.name) };
      }
    }
  }
  return undefined;
}
