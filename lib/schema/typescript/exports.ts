import type ts from "typescript";
import { adviceFor } from "./any_type.ts";
import { METHOD_NAME } from "../limits.ts";
import { isFromLibrary, nameNode, ownNode, type Place, type ReadContext } from "./context.ts";

/** Where the runtime finds a method's function. */
export interface MethodOrigin {
  /** The name under which the module exports the function, or the class. */
  export: string;
  /** The name of the function in an instance of the default-exported class. */
  member?: string;
}

/** A function that a service answers calls with. */
export interface MethodSource {
  name: string;
  origin: MethodOrigin;
  type: ts.Type;
  /** The declaration that carries the documentation. */
  declaration: ts.Node | undefined;
  place: Place;
}

/** What a file offers. */
export interface ServiceSource {
  methods: MethodSource[];
  /** The declaration of the default-exported class. */
  defaultClass: ts.ClassLikeDeclaration | undefined;
}

/** Finds every exported function of the entry file, re-exported ones included, and the methods of a default class. */
export function findMethods(context: ReadContext): ServiceSource {
  const { compiler, checker, source } = context;
  const module = checker.getSymbolAtLocation(source.entry);
  const found: ServiceSource = { methods: [], defaultClass: undefined };
  if (module === undefined) return found;
  for (const exported of checker.getExportsOfModule(module)) {
    const isAlias = (exported.flags & compiler.SymbolFlags.Alias) !== 0;
    const symbol = isAlias ? checker.getAliasedSymbol(exported) : exported;
    const exporting = ownNode(context, exported.declarations?.[0]) ?? source.entry;
    if (checker.isUnknownSymbol(symbol)) {
      reportUnknownExport(context, exported, exporting);
      continue;
    }
    const isDefault = exported.name === "default";
    const declaration = symbol.valueDeclaration;
    if (declaration !== undefined && compiler.isClassLike(declaration)) {
      if (isDefault) addClass(context, declaration, exporting, found);
      continue;
    }
    if ((symbol.flags & compiler.SymbolFlags.Value) === 0) continue;
    const type = checker.getTypeOfSymbolAtLocation(symbol, exporting);
    const name = isDefault ? defaultName(context, symbol, type) : exported.name;
    const place: Place = {
      path: name,
      node: nameNode(ownNode(context, declaration) ?? exporting),
      depth: 0,
    };
    const method: MethodSource = { name, origin: { export: exported.name }, type, declaration, place };
    if (type.flags & compiler.TypeFlags.Any) {
      context.problems.hasUnknownType = true;
      const module = moduleOf(context, exporting);
      context.problems.add(
        place,
        `the type of the export ${name} is any, so it is not known whether it is a method`,
        module === undefined ? "write its type" : adviceFor(module),
      );
    } else if (type.getCallSignatures().length > 0) addMethod(context, found, method, symbol);
  }
  return found;
}

/** One function under two names is two methods, unless one of the names is `default`. */
function addMethod(context: ReadContext, found: ServiceSource, method: MethodSource, symbol?: ts.Symbol): void {
  const same = found.methods.find(({ name }) => name === method.name);
  if (same === undefined) {
    if (isMethodName(context, method)) found.methods.push(method);
    return;
  }
  if (symbol !== undefined && symbol.valueDeclaration === same.declaration) return;
  context.problems.add(method.place, `there are two methods named ${method.name}`, "rename one of them");
}

function isMethodName(context: ReadContext, { name, place }: MethodSource): boolean {
  if (!METHOD_NAME.test(name)) {
    context.problems.add(
      place,
      `${JSON.stringify(name)} cannot be the name of a method`,
      "a name has 1 to 128 letters a-z and A-Z, digits, _ and $, and does not begin with a digit",
    );
    return false;
  }
  if (name === "then" || name === "__proto__") {
    const why = name === "then" ? "a module that exports it counts as a promise" : "it sets a prototype in JavaScript";
    context.problems.add(place, `${name} cannot be the name of a method: ${why}`, "choose another name");
    return false;
  }
  return true;
}

/** A default-exported function goes by its own name. */
function defaultName(context: ReadContext, symbol: ts.Symbol, type: ts.Type): string {
  const { compiler } = context;
  const declarations = [symbol.valueDeclaration, type.getCallSignatures()[0]?.declaration];
  for (const declaration of declarations) {
    const name = declaration && (declaration as ts.Node as { name?: ts.Node }).name;
    if (name !== undefined && compiler.isIdentifier(name)) return name.text;
  }
  return "default";
}

function addClass(
  context: ReadContext,
  declaration: ts.ClassLikeDeclaration,
  exporting: ts.Node,
  found: ServiceSource,
): void {
  const { compiler, checker, problems } = context;
  const name = declaration.name?.text ?? "the default class";
  const place: Place = { path: name, node: declaration.name ?? ownNode(context, declaration) ?? exporting, depth: 0 };
  found.defaultClass = declaration;
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
  for (const member of checker.getPropertiesOfType(instance)) {
    const memberDeclaration = member.valueDeclaration;
    if (memberDeclaration === undefined || !isPublicMember(context, member, memberDeclaration)) continue;
    const type = checker.getTypeOfSymbol(member);
    if (type.getCallSignatures().length === 0) continue;
    addMethod(context, found, {
      name: member.name,
      origin: { export: "default", member: member.name },
      type,
      declaration: memberDeclaration,
      place: { path: member.name, node: nameNode(ownNode(context, memberDeclaration) ?? place.node), depth: 0 },
    });
  }
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

/** The module that `export { name } from "module"` names. */
function moduleOf({ compiler }: ReadContext, node: ts.Node): string | undefined {
  const specifier = compiler.isExportSpecifier(node) ? node.parent.parent.moduleSpecifier : undefined;
  return specifier !== undefined && compiler.isStringLiteral(specifier) ? specifier.text : undefined;
}

function reportUnknownExport(context: ReadContext, exported: ts.Symbol, node: ts.Node): void {
  const module = moduleOf(context, node);
  // That the module itself is missing is said where it is named.
  if (context.source.unresolved.some((missing) => missing.specifier === module)) return;
  const place: Place = { path: exported.name, node, depth: 0 };
  if (module?.startsWith("cell:")) {
    context.problems.add(place, `the types of "${module}" are not known`, adviceFor(module));
  } else {
    context.problems.add(place, `${exported.name} is exported, but there is nothing with that name`, "");
  }
}
