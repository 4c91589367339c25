import type ts from "typescript";

/** One declaration of a global name, which may have several. */
export interface LibraryChunk {
  /** `typeof x` for the declaration of a variable or function: the type `x` is another thing than the value. */
  name: string;
  /** The whole text, or with `members` everything up to and including the opening brace. */
  text: string;
  /** The names of other chunks that this one needs. */
  references: string[];
  members?: LibraryMember[];
}

/** One member of an interface. Members with a name may be left out when no source file mentions the name. */
export interface LibraryMember {
  name?: string;
  text: string;
  references: string[];
}

/**
 * How many methods of an interface stay even when nobody mentions them: without any, two classes of the library would
 * be the same type to the checker. Only methods that need no other declaration are chosen.
 */
const KEPT_METHODS = 2;

/** Methods that the language itself uses or that tell similar types apart. */
const ALWAYS_KEPT: { [interfaceName: string]: string[] | undefined } = {
  Array: ["push", "concat"],
  ReadonlyArray: ["concat", "indexOf"],
  Date: ["getTime", "toISOString"],
};

/** Generic interfaces that show their type parameters elsewhere than in methods. */
const PRUNED_GENERICS = /^(Array|ReadonlyArray|IteratorObject|AsyncIteratorObject|\w+\d+(Clamped)?Array)$/;

/**
 * Splits declaration files of the standard library into chunks by name. Interfaces are split further into members, save
 * generic ones: the checker finds the variance of a type parameter by comparing members.
 */
export function libraryChunks(compiler: typeof ts, texts: string[]): LibraryChunk[] {
  const kept = new Map<string, Set<string>>();
  return texts.flatMap((text) => {
    const file = compiler.createSourceFile("library.d.ts", withoutComments(text), compiler.ScriptTarget.ESNext);
    return globalStatements(compiler, file).flatMap((statement) => chunksOf(compiler, file, statement, kept));
  });
}

/** What a file declares for everyone: of a module only its `declare global`. */
function globalStatements(compiler: typeof ts, file: ts.SourceFile): readonly ts.Statement[] {
  if (!compiler.isExternalModule(file)) return file.statements;
  return file.statements.flatMap((statement) =>
    compiler.isModuleDeclaration(statement) && statement.body !== undefined && compiler.isModuleBlock(statement.body)
      ? [...statement.body.statements]
      : []
  );
}

function chunksOf(
  compiler: typeof ts,
  file: ts.SourceFile,
  statement: ts.Statement,
  kept: Map<string, Set<string>>,
): LibraryChunk[] {
  // Inside `declare global` the word is not repeated.
  const text = statement.getText(file).replace(/^(?=var |function |namespace )/, "declare ");
  if (compiler.isVariableStatement(statement)) {
    return statement.declarationList.declarations.map((declaration) => ({
      name: `typeof ${declaration.name.getText(file)}`,
      text,
      references: referencesOf(compiler, declaration),
    }));
  }
  const name = (statement as ts.Node as { name?: ts.Identifier }).name?.text;
  if (name === undefined) return [];
  if (compiler.isInterfaceDeclaration(statement)) {
    const names = kept.get(name) ?? new Set(ALWAYS_KEPT[name]);
    kept.set(name, names);
    return [interfaceChunk(compiler, file, statement, names)];
  }
  const references = referencesOf(compiler, statement);
  return [{ name: compiler.isFunctionDeclaration(statement) ? `typeof ${name}` : name, text, references }];
}

function interfaceChunk(
  compiler: typeof ts,
  file: ts.SourceFile,
  declaration: ts.InterfaceDeclaration,
  kept: Set<string>,
): LibraryChunk {
  const name = declaration.name.text;
  if (declaration.typeParameters !== undefined && !PRUNED_GENERICS.test(name)) {
    return { name, text: declaration.getText(file), references: referencesOf(compiler, declaration) };
  }
  const members = declaration.members.map((member): LibraryMember => {
    const part = { text: member.getText(file), references: referencesOf(compiler, member) };
    const method = prunableName(compiler, member);
    if (method === undefined || kept.has(method)) return part;
    if (kept.size >= KEPT_METHODS || part.references.length > 0) return { name: method, ...part };
    kept.add(method);
    return part;
  });
  return {
    name,
    text: file.text.slice(declaration.getStart(file), declaration.members.pos),
    references: [...(declaration.heritageClauses ?? []), ...(declaration.typeParameters ?? [])]
      .flatMap((node) => referencesOf(compiler, node)),
    members,
  };
}

/** The name of a method, or of an `onsomething` handler of the web platform. Other properties always stay. */
function prunableName(compiler: typeof ts, member: ts.TypeElement): string | undefined {
  if (member.name === undefined || !compiler.isIdentifier(member.name)) return undefined;
  const name = member.name.text;
  if (compiler.isMethodSignature(member)) return name;
  return compiler.isPropertySignature(member) && /^on[a-z]+$/.test(name) ? name : undefined;
}

/** The first identifier of every name that a declaration uses: as a type, in `extends`, in `typeof` or as a key. */
function referencesOf(compiler: typeof ts, root: ts.Node): string[] {
  const names = new Set<string>();
  const addFirst = (name: ts.Node, prefix = ""): void => {
    let first = name;
    while (compiler.isQualifiedName(first) || compiler.isPropertyAccessExpression(first)) {
      first = compiler.isQualifiedName(first) ? first.left : first.expression;
    }
    if (compiler.isIdentifier(first)) names.add(prefix + first.text);
  };
  const visit = (node: ts.Node): void => {
    if (compiler.isTypeReferenceNode(node)) addFirst(node.typeName);
    else if (compiler.isTypeQueryNode(node)) addFirst(node.exprName, "typeof ");
    else if (compiler.isExpressionWithTypeArguments(node)) addFirst(node.expression);
    else if (compiler.isComputedPropertyName(node)) addFirst(node.expression, "typeof ");
    compiler.forEachChild(node, visit);
  };
  visit(root);
  return [...names];
}

/** A declaration file without comments and indentation; `/// <reference>` lines stay. */
export function withoutComments(text: string): string {
  return text
    .replace(
      /"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`|\/\*[\s\S]*?\*\/|\/\/[^\n]*/g,
      (token) => token.startsWith("/*") || (token.startsWith("//") && !token.startsWith("/// <ref")) ? "" : token,
    )
    .replace(/[ \t]*\n\s*/g, "\n")
    .trim();
}
