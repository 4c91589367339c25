import type ts from "typescript";
import type { DefinitionTable } from "./definitions.ts";
import { locate, type Problem } from "./problems.ts";
import type { SourceProgram } from "./program.ts";
import type { UnionChecks } from "./union_checks.ts";
import { isVirtual, serviceOfRemoteFile } from "./virtual_files.ts";

/** What every step of a reading shares. */
export interface ReadContext {
  readonly compiler: typeof ts;
  readonly checker: ts.TypeChecker;
  readonly source: SourceProgram;
  readonly definitions: DefinitionTable;
  readonly unionChecks: UnionChecks;
  readonly problems: ProblemList;
  /** Whether a name belongs to a browser's page. */
  isPageOnly(name: string): boolean;
}

/** Where in a signature a type stands. */
export interface Place {
  /** Such as `save → args[0].options`. */
  path: string;
  /** The nearest declaration in a file that the user wrote: where an editor should jump to. */
  node: ts.Node;
  /** How many types without a name enclose this one. */
  depth: number;
  /** How many versions of each generic type enclose this one. */
  generics?: ReadonlyMap<ts.Symbol, number>;
}

/** A path in a message is cut in its middle after this many characters. */
const PATH_LENGTH_MAX = 200;

/** The place of a part: `step` is appended to the path. */
export function inside(place: Place, step: string, node?: ts.Node): Place {
  return { ...place, path: place.path + step, node: node ?? place.node, depth: place.depth + 1 };
}

/** Collects problems; the same one found on two ways counts once. */
export class ProblemList {
  /** Whether a type was not known: with more declarations it might be. */
  hasUnknownType = false;
  /** Whether an import leads nowhere: an ambient declaration of the module might be found. */
  hasUnknownModule = false;
  private readonly found = new Map<string, Problem>();

  add(place: Place, message: string, hint: string): void {
    const file = place.node.getSourceFile();
    const start = place.node.getStart(file);
    this.addAt(file, start, place.node.getEnd() - start, { path: place.path, message, hint });
  }

  addAt(
    file: ts.SourceFile,
    offset: number,
    length: number,
    { path = "", message, hint = "" }: { path?: string; message: string; hint?: string },
  ): void {
    const key = `${file.fileName}:${offset}:${message}`;
    if (this.found.has(key)) return;
    this.found.set(key, {
      file: file.fileName,
      ...locate(file.text, offset, length),
      path: shortened(path),
      message,
      hint,
    });
  }

  /** In the order of the source. */
  sorted(): Problem[] {
    const order = (a: Problem, b: Problem): number =>
      a.file < b.file ? -1 : a.file > b.file ? 1 : a.line - b.line || a.column - b.column;
    return [...this.found.values()].sort(order);
  }

  get size(): number {
    return this.found.size;
  }
}

function shortened(path: string): string {
  if (path.length <= PATH_LENGTH_MAX) return path;
  return `${path.slice(0, PATH_LENGTH_MAX / 2)}...${path.slice(-PATH_LENGTH_MAX / 2)}`;
}

/** Whether a symbol is declared by TypeScript's library, the SDK, Bun or Node: not by the user or a package. */
export function isFromLibrary(symbol: ts.Symbol): boolean {
  const declarations = symbol.declarations ?? [];
  return declarations.length > 0 && declarations.some((node) => isLibraryPath(node.getSourceFile().fileName));
}

function isLibraryPath(path: string): boolean {
  if (isVirtual(path)) return serviceOfRemoteFile(path) === undefined;
  return /\/node_modules\/(@types\/(node|bun)|bun-types|undici-types)\//.test(path);
}

/** The node itself if it is in a file that the user wrote. */
export function ownNode(context: ReadContext, node: ts.Node | undefined): ts.Node | undefined {
  return node !== undefined && isOwnFile(context, node.getSourceFile()) ? node : undefined;
}

/** Whether the user wrote a file. */
export function isOwnFile(context: ReadContext, file: ts.SourceFile): boolean {
  return context.source.ownFiles.has(file);
}

/** Where a declaration is marked: at its name. */
export function nameNode(declaration: ts.Node): ts.Node {
  return (declaration as ts.Node as { name?: ts.Node }).name ?? declaration;
}
