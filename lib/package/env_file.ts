import { CellError } from "../base/mod.ts";
import { MIB } from "../base/mod.ts";

/** A longer text is no list of variables. */
const FILE_LENGTH_MAX = 4 * MIB;

const ESCAPES: { readonly [letter: string]: string } = {
  n: "\n",
  r: "\r",
  t: "\t",
  '"': '"',
  "\\": "\\",
  $: "$",
};

/**
 * The variables of an environment file, in their order: `NAME=VALUE` lines, `export NAME=VALUE` too; empty lines and
 * lines that begin with # are skipped. An unquoted value ends at ` #` or at the end of the line. One in single quotes is
 * taken as it is, one in double quotes knows \n \r \t \" \\ \$; both may have several lines. Nothing is expanded. Throws
 * INVALID_ARGUMENT with the line.
 */
export function parseEnvFile(
  text: string,
  fileName: string,
  nameProblem: (name: string) => string | undefined,
): [name: string, value: string][] {
  if (text.length > FILE_LENGTH_MAX) {
    throw new CellError("INVALID_ARGUMENT", `${fileName}: expected at most ${FILE_LENGTH_MAX} characters`);
  }
  return new EnvFileParser(text.replace(/^\uFEFF/, "").replaceAll("\r\n", "\n"), fileName, nameProblem).parse();
}

class EnvFileParser {
  readonly #variables: [name: string, value: string][] = [];
  #offset = 0;

  constructor(
    private readonly text: string,
    private readonly fileName: string,
    private readonly nameProblem: (name: string) => string | undefined,
  ) {}

  parse(): [name: string, value: string][] {
    while (this.#offset < this.text.length) {
      const start = this.#offset;
      const line = this.text.slice(start, this.#lineEnd());
      if (/^\s*(?:#|$)/.test(line)) this.#offset = start + line.length + 1;
      else this.#variables.push(this.#assignment(line));
    }
    return this.#variables;
  }

  #assignment(line: string): [name: string, value: string] {
    const start = this.#offset;
    const equals = line.indexOf("=");
    const name = line.slice(0, equals === -1 ? undefined : equals).trim().replace(/^export\s+/, "");
    // A line without "=" is often the rest of a secret: it is not shown.
    if (equals === -1) throw this.#refused(start, 'expected NAME=VALUE, found no "="');
    const problem = this.nameProblem(name);
    if (problem !== undefined) throw this.#refused(start, problem);
    const [spaces = ""] = /^[ \t]*/.exec(line.slice(equals + 1)) ?? [];
    this.#offset = start + equals + 1 + spaces.length;
    const quote = this.text[this.#offset];
    if (quote === "'" || quote === '"') return [name, this.#quoted(name, quote)];
    const value = line.slice(equals + 1 + spaces.length).replace(/(?:^|[ \t])#.*$/, "").trimEnd();
    this.#offset = start + line.length + 1;
    return [name, value];
  }

  #quoted(name: string, quote: string): string {
    const start = this.#offset++;
    let value = "";
    for (;; this.#offset++) {
      const character = this.text[this.#offset];
      if (character === undefined) throw this.#refused(start, `the value of ${name} has no closing ${quote}`);
      if (character === quote) break;
      if (character !== "\\" || quote === "'") {
        value += character;
        continue;
      }
      const escaped = this.text[this.#offset + 1];
      const meaning = escaped === undefined ? undefined : ESCAPES[escaped];
      value += meaning ?? character;
      if (meaning !== undefined) this.#offset++;
    }
    const closing = ++this.#offset;
    const end = this.#lineEnd();
    const rest = this.text.slice(closing, end);
    if (!/^\s*(?:#.*)?$/.test(rest)) {
      throw this.#refused(
        closing,
        `something follows the closing ${quote} of ${name}. Write \\${quote} inside of "..."`,
      );
    }
    this.#offset = end + 1;
    return value;
  }

  #lineEnd(): number {
    const end = this.text.indexOf("\n", this.#offset);
    return end === -1 ? this.text.length : end;
  }

  #refused(offset: number, why: string): CellError {
    const line = this.text.slice(0, offset).split("\n").length;
    return new CellError("INVALID_ARGUMENT", `${this.fileName}:${line}: ${why}`);
  }
}
