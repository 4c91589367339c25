import type ts from "typescript";
import type { ReadContext } from "./context.ts";

/** The names that a service's files import from other services; `*` stands for all of them. */
export interface RemoteImports {
  [service: string]: string[];
}

/** Collects the values that the user's files import from "cell:NAME" modules. */
export function remoteImports(context: ReadContext): RemoteImports {
  const { compiler, source } = context;
  const found = new Map<string, Set<string>>();
  const add = (module: ts.Expression | undefined, names: string[]): void => {
    if (module === undefined || !compiler.isStringLiteralLike(module) || !module.text.startsWith("cell:")) return;
    const service = module.text.slice("cell:".length);
    const known = found.get(service) ?? new Set();
    found.set(service, known);
    for (const name of names) known.add(name);
  };
  const visit = (node: ts.Node): void => {
    if (compiler.isImportDeclaration(node)) add(node.moduleSpecifier, importedNames(context, node.importClause));
    else if (compiler.isExportDeclaration(node)) add(node.moduleSpecifier, exportedNames(context, node));
    else if (compiler.isCallExpression(node) && node.expression.kind === compiler.SyntaxKind.ImportKeyword) {
      add(node.arguments[0], ["*"]);
    }
  };
  for (const file of source.ownFiles) {
    file.statements.forEach(visit);
    // Only a file that mentions another service may hold an import() of it deep inside.
    if (file.text.includes("cell:") && file.text.includes("import(")) walk(compiler, file, visit);
  }
  return Object.fromEntries([...found].sort().map(([service, names]) => [service, [...names].sort()]));
}

function importedNames({ compiler }: ReadContext, clause: ts.ImportClause | undefined): string[] {
  if (clause === undefined || clause.phaseModifier === compiler.SyntaxKind.TypeKeyword) return [];
  const names = clause.name === undefined ? [] : ["default"];
  if (clause.namedBindings === undefined) return names;
  if (compiler.isNamespaceImport(clause.namedBindings)) return [...names, "*"];
  return [...names, ...valueNames(clause.namedBindings.elements)];
}

function exportedNames({ compiler }: ReadContext, declaration: ts.ExportDeclaration): string[] {
  if (declaration.isTypeOnly) return [];
  const clause = declaration.exportClause;
  return clause !== undefined && compiler.isNamedExports(clause) ? valueNames(clause.elements) : ["*"];
}

function valueNames(elements: readonly (ts.ImportSpecifier | ts.ExportSpecifier)[]): string[] {
  return elements.filter((element) => !element.isTypeOnly).map((element) =>
    (element.propertyName ?? element.name).text
  );
}

function walk(compiler: typeof ts, node: ts.Node, visit: (node: ts.Node) => void): void {
  visit(node);
  compiler.forEachChild(node, (child) => walk(compiler, child, visit));
}
