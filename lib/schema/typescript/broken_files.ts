import { isOwnFile, type ReadContext } from "./context.ts";

/** Reports what keeps the parser from understanding the user's files. */
export function reportSyntaxErrors({ compiler, source, problems }: ReadContext): void {
  for (const file of source.ownFiles) {
    for (const { start, length, messageText } of source.program.getSyntacticDiagnostics(file)) {
      problems.addAt(file, start, length, { message: compiler.flattenDiagnosticMessageText(messageText, " ") });
    }
  }
}

/** Reports imports by which no file was found and which no `declare module` describes either. */
export function reportUnresolvedImports(context: ReadContext): void {
  const { compiler, checker, source, problems } = context;
  if (source.unresolved.length === 0) return;
  const ambient = checker.getAmbientModules().map((module) => module.name.slice(1, -1));
  const isAmbient = (specifier: string): boolean =>
    ambient.some((pattern) => pattern === specifier || pattern.includes("*") && new Bun.Glob(pattern).match(specifier));
  for (const { specifier, node, file } of source.unresolved) {
    const isStatic = compiler.isImportDeclaration(node.parent) || compiler.isExportDeclaration(node.parent);
    if (!isStatic || !isOwnFile(context, file) || isAmbient(specifier)) continue;
    problems.hasUnknownModule = true;
    const start = node.getStart(file);
    problems.addAt(file, start, node.getEnd() - start, {
      message: `cannot find the module "${specifier}"`,
      hint: /^[./]/.test(specifier) ? "there is no such file" : "install the package beside the service",
    });
  }
}
