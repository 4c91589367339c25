import type ts from "typescript";
import { isFromLibrary, nameNode, ownNode, type Place, type ReadContext } from "./context.ts";
import type { MethodSource } from "./exports.ts";

/** The public methods of the default-exported class. That the class cannot be instantiated is a problem. */
export function membersOfDefaultClass(
  context: ReadContext,
  declaration: ts.ClassLikeDeclaration,
  exporting: ts.Node,
): MethodSource[] {
  const { compiler, checker, problems } = context;
  const name = declaration.name?.text ?? "the default class";
  const place: Place = { path: name, node: declaration.name ?? ownNode(context, declaration) ?? exporting, depth: 0 };
  if (compiler.getCombinedModifierFlags(declaration) & compiler.ModifierFlags.Abstract) {
    problems.add(place, "an abstract class cannot be a service", "export a class that can be instantiated");
  }
  if (declaration.typeParameters !== undefined) {
    problems.add(place, "a generic class cannot be a service", "export a class without type parameters");
  }
  if (needsArguments(context, declaration)) {
    problems.add(
      place,
      "the constructor needs arguments, but nobody is there to give them",
      "give every parameter a default value, or export functions instead",
    );
  }
  const instance = checker.getTypeAtLocation(declaration);
  return checker.getPropertiesOfType(instance).flatMap((member): MethodSource[] => {
    const memberDeclaration = member.valueDeclaration;
    if (memberDeclaration === undefined || !isPublicMember(context, member, memberDeclaration)) return [];
    const type = checker.getTypeOfSymbol(member);
    if (type.getCallSignatures().length === 0) return [];
    return [{
      name: member.name,
      origin: { export: "default", member: member.name },
      type,
      declaration: memberDeclaration,
      place: { path: member.name, node: nameNode(ownNode(context, memberDeclaration) ?? place.node), depth: 0 },
    }];
  });
}

function needsArguments({ compiler, checker }: ReadContext, declaration: ts.ClassLikeDeclaration): boolean {
  const symbol = checker.getTypeAtLocation(declaration).getSymbol();
  if (symbol === undefined) return false;
  const constructors = checker.getTypeOfSymbolAtLocation(symbol, declaration).getConstructSignatures();
  return constructors.length > 0 &&
    !constructors.some((signature) =>
      signature.parameters.every(({ valueDeclaration: parameter }) =>
        parameter !== undefined && compiler.isParameter(parameter) &&
        (checker.isOptionalParameter(parameter) || parameter.dotDotDotToken !== undefined)
      )
    );
}

/** Private, protected, `#` and symbol-named members, accessors, and what the library's classes have, are no methods. */
function isPublicMember({ compiler }: ReadContext, member: ts.Symbol, declaration: ts.Declaration): boolean {
  const hidden = compiler.ModifierFlags.Private | compiler.ModifierFlags.Protected;
  return (member.flags & compiler.SymbolFlags.Accessor) === 0 &&
    (compiler.getCombinedModifierFlags(declaration) & hidden) === 0 &&
    !compiler.isPrivateIdentifier(nameNode(declaration)) &&
    !String(member.escapedName).startsWith("__@") &&
    !isFromLibrary(member);
}
