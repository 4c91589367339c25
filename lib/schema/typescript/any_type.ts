import type ts from "typescript";
import { didYouMean } from "../../base/mod.ts";
import type { Place, ReadContext } from "./context.ts";
import { symbolOf, type Written } from "./written.ts";

const ANYTHING = "write the type, or unknown for any value";

/** Says why a type is `any`: a name that does not exist, a module without types, or no reason but itself. */
export function reportAny(context: ReadContext, place: Place, written: Written): void {
  const { problems, source } = context;
  problems.hasUnknownType = true;
  const culprit = written === undefined ? undefined : findUnresolved(context, written);
  if (culprit?.module?.hasTypes) {
    const { node, name, module } = culprit;
    problems.add({ ...place, node }, `"${module.specifier}" exports no type named ${name}`, "");
    return;
  }
  if (culprit?.module !== undefined) {
    const { specifier } = culprit.module;
    problems.add(place, `the type comes from "${specifier}", whose types are not known`, adviceFor(specifier));
    return;
  }
  if (culprit !== undefined && context.isPageOnly(culprit.name)) {
    problems.add(
      { ...place, node: culprit.node },
      `${culprit.name} belongs to a browser's page and cannot cross the wire`,
      "send the data that is needed of it",
    );
    return;
  }
  if (culprit !== undefined) {
    const hint = `declare or import it.${didYouMean(culprit.name, typesInScope(context, culprit.node))}`;
    problems.add({ ...place, node: culprit.node }, `there is no type named ${culprit.name}`, hint.replace(/\.$/, ""));
    return;
  }
  const unknownRemote = [...source.remotes].find(([, declarations]) => declarations === undefined)?.[0];
  const advice = unknownRemote === undefined
    ? ANYTHING
    : `if it comes from "cell:${unknownRemote}", run \`cell check\` first; otherwise ${ANYTHING}`;
  problems.add(place, "the type is any, which says nothing about what crosses the wire", advice);
}

/** What helps when nothing is known of a module. */
export function adviceFor(module: string): string {
  return module.startsWith("cell:")
    ? "run `cell check` first, while that service runs: it fetches the types"
    : "declare its types, or write a type of your own";
}

interface Unresolved {
  name: string;
  node: ts.Node;
  /** The module that the name is imported from. */
  module?: { specifier: string; hasTypes: boolean };
}

/** The first name in a type node that means nothing to the checker. */
function findUnresolved(context: ReadContext, root: ts.Node): Unresolved | undefined {
  const { compiler, checker } = context;
  if (compiler.isTypeReferenceNode(root) && symbolOf(context, root.typeName)?.declarations === undefined) {
    const { typeName } = root;
    const first = firstName(context, typeName);
    const imported = checker.getSymbolsInScope(root, compiler.SymbolFlags.Alias).find(({ name }) =>
      name === first.text
    );
    const module = imported && importedFrom(context, imported);
    return { name: typeName.getText(), node: typeName, ...(module === undefined ? {} : { module }) };
  }
  return compiler.forEachChild(root, (child) => findUnresolved(context, child));
}

function firstName(context: ReadContext, name: ts.EntityName): ts.Identifier {
  return context.compiler.isQualifiedName(name) ? firstName(context, name.left) : name;
}

/** The module of an import: one without types, or one that only lacks the name. */
function importedFrom(context: ReadContext, symbol: ts.Symbol): Unresolved["module"] {
  const { compiler, checker } = context;
  for (let node: ts.Node | undefined = symbol.declarations?.[0]; node !== undefined; node = node.parent) {
    if (!compiler.isImportDeclaration(node)) continue;
    const module = checker.getSymbolAtLocation(node.moduleSpecifier);
    const hasTypes = (module?.declarations ?? []).some((declaration) =>
      compiler.isSourceFile(declaration) ||
      (compiler.isModuleDeclaration(declaration) && declaration.body !== undefined)
    );
    return { specifier: (node.moduleSpecifier as ts.StringLiteral).text, hasTypes };
  }
  return undefined;
}

function typesInScope(context: ReadContext, node: ts.Node): string[] {
  return context.checker.getSymbolsInScope(node, context.compiler.SymbolFlags.Type).map((symbol) => symbol.name);
}
