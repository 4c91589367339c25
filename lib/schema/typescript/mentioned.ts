import type ts from "typescript";

/** The names that source files use. */
export class Mentioned {
  readonly identifiers = new Set<string>();
  readonly words = new Set<string>();

  add(file: ts.SourceFile): void {
    const words = file.text.match(/[\p{ID_Start}_$][\p{ID_Continue}$]*/gu) ?? [];
    for (const word of words) this.words.add(word);
    // The parser's own table of identifiers is not public; the words, which include those in comments, would do too.
    const { identifiers } = file as { identifiers?: ReadonlyMap<string, string> };
    for (const name of identifiers?.keys() ?? words) this.identifiers.add(name);
  }
}
