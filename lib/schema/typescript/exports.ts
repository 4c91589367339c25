import type ts from "typescript";
import { adviceFor } from "./any_type.ts";
import { nameNode, ownNode, type Place, type ReadContext } from "./context.ts";
import { membersOfDefaultClass } from "./default_class.ts";
import { addMethod } from "./method_names.ts";

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
      if (!isDefault) continue;
      found.defaultClass = declaration;
      for (const member of membersOfDefaultClass(context, declaration, exporting)) {
        addMethod(context, found.methods, member);
      }
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
    } else if (type.getCallSignatures().length > 0) addMethod(context, found.methods, method, symbol);
  }
  return found;
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
