import type ts from "typescript";

/** The tags that say something about values; see `constraints.ts`. */
export const CONSTRAINT_TAGS = [
  "minimum",
  "maximum",
  "minLength",
  "maxLength",
  "pattern",
  "minItems",
  "maxItems",
] as const;

/** One of the tags that say something about values. */
export type ConstraintTag = (typeof CONSTRAINT_TAGS)[number];

/** `@name text` in a comment. */
export interface DocTag {
  name: string;
  text: string;
  /** The offset of the `@` in the file. */
  offset: number;
}

/** A documentation comment. */
export interface Doc {
  /** The text before the first tag; empty if there is none. */
  description: string;
  tags: DocTag[];
  file: ts.SourceFile;
}

/**
 * The documentation comment in front of a node. The compiler's own parser is not used: it ends a tag at the next `@`,
 * which belongs to many regular expressions, and it would parse the comments of every declaration of every file.
 */
export function docOf(compiler: typeof ts, node: ts.Node): Doc | undefined {
  const file = node.getSourceFile();
  const start = node.getStart(file);
  const ranges = [
    ...(compiler.getTrailingCommentRanges(file.text, node.pos) ?? []).filter(({ end }) =>
      !file.text.slice(end, start).includes("\n")
    ),
    ...(compiler.getLeadingCommentRanges(file.text, node.pos) ?? []),
  ].filter(({ pos, end }) => isDocComment(file.text, pos, end));
  const last = ranges.at(-1);
  return last === undefined ? undefined : parseDoc(file, last.pos, last.end);
}

/**
 * What a file says about itself: its first comment, if that is marked with `@module` or `@file`, is followed by another
 * one, or stands before an import.
 */
export function fileDoc(compiler: typeof ts, file: ts.SourceFile): string | undefined {
  const first = file.statements[0];
  if (first === undefined) return undefined;
  const comments = (compiler.getLeadingCommentRanges(file.text, first.pos) ?? [])
    .filter(({ pos, end }) => isDocComment(file.text, pos, end));
  if (comments.length === 0) return undefined;
  const doc = parseDoc(file, comments[0]!.pos, comments[0]!.end);
  const isMarked = doc.tags.some(({ name }) =>
    ["module", "file", "fileoverview", "packageDocumentation"].includes(name)
  );
  if (!isMarked && comments.length === 1 && !compiler.isImportDeclaration(first)) return undefined;
  return doc.description === "" ? undefined : doc.description;
}

function isDocComment(text: string, pos: number, end: number): boolean {
  return text.startsWith("/**", pos) && end - pos > "/***/".length;
}

/** Parses the comment at an offset: every line without its asterisk, tags with what follows them. */
function parseDoc(file: ts.SourceFile, pos: number, end: number): Doc {
  const lines: string[] = [];
  const tags: DocTag[] = [];
  let lineStart = pos + "/**".length;
  const bodyEnd = end - "*/".length;
  const append = (text: string): void => {
    const tag = tags.at(-1);
    if (tag === undefined) lines.push(text);
    else tag.text += `\n${text}`;
  };
  while (lineStart <= bodyEnd) {
    const newline = file.text.indexOf("\n", lineStart);
    const lineEnd = newline === -1 || newline > bodyEnd ? bodyEnd : newline;
    const raw = file.text.slice(lineStart, lineEnd);
    const indent = raw.match(/^\s*\*? ?/)![0].length;
    parseLine(raw.slice(indent).trimEnd(), lineStart + indent, tags, append);
    lineStart = lineEnd + 1;
  }
  for (const tag of tags) tag.text = tag.text.trim();
  return { description: plain(lines.join("\n")), tags, file };
}

/** A line may begin with any tag; after other text only the tags that say something about values are recognised. */
function parseLine(line: string, offset: number, tags: DocTag[], append: (text: string) => void): void {
  const constraint = new RegExp(`(?:^|\\s)@(${CONSTRAINT_TAGS.join("|")})(?=\\s|$)`);
  let rest = line;
  let restOffset = offset;
  for (;;) {
    const starting = rest.match(/^@([A-Za-z]+)/);
    const next = starting ?? rest.match(constraint);
    if (next === null) return append(rest);
    const at = next.index! + next[0].indexOf("@");
    if (at > 0) append(rest.slice(0, at).trimEnd());
    const afterTag = at + 1 + next[1]!.length;
    const tag: DocTag = { name: next[1]!, text: "", offset: restOffset + at };
    tags.push(tag);
    // An expression may hold anything, so it takes the whole rest of its line.
    const following = tag.name === "pattern" ? null : rest.slice(afterTag).match(constraint);
    const tagEnd = following === null ? rest.length : afterTag + following.index! + following[0].indexOf("@");
    tag.text = rest.slice(afterTag, tagEnd).trim();
    if (following === null) return;
    rest = rest.slice(tagEnd);
    restOffset += tagEnd;
  }
}

/** `{@link name}` is written as the name. */
function plain(text: string): string {
  return text.replace(/\{@link(?:code|plain)?\s+([^}|\s]+)(?:[\s|]+([^}]*))?\}/g, (_, name, label) => label || name)
    .trim();
}

/** The text of `@param name ...`, without the dash that many put in front. */
export function paramDoc(doc: Doc | undefined, name: string): string | undefined {
  for (const tag of doc?.tags ?? []) {
    if (tag.name !== "param" && tag.name !== "arg") continue;
    const match = tag.text.match(/^(?:\{[^}]*\}\s*)?\[?([\w$]+)(?:=[^\]]*)?\]?\s*(?:-\s*)?([\s\S]*)$/);
    if (match?.[1] === name) return plain(match[2]!) || undefined;
  }
  return undefined;
}

/** `{ doc }` to be spread into what is described; nothing when nothing is said. */
export function docField(doc: Doc | string | undefined): { doc?: string } {
  const text = typeof doc === "object" ? doc.description : doc;
  return text === undefined || text === "" ? {} : { doc: text };
}
