import { CellError, didYouMean } from "../../base/mod.ts";

/** A table of a parsed TOML file. */
export type Table = { readonly [key: string]: unknown };

/** More characters of a value help nobody. */
const SHOWN_LENGTH_MAX = 80;

/** One table of `node.toml`; every complaint names the file and the key. */
export class NodeTable {
  constructor(
    private readonly path: string,
    private readonly prefix: string,
    private readonly values: Table,
  ) {}

  /** Throws FAILED_PRECONDITION for a key that nothing reads. */
  refuseOthers(what: string, known: readonly string[]): void {
    const other = Object.keys(this.values).find((name) => !known.includes(name));
    if (other !== undefined) {
      throw this.unusable(`there is no ${what} ${this.prefix}${other}.${didYouMean(other, known)}`);
    }
  }

  /** A table in this one; undefined when it is not there. */
  table(name: string): NodeTable | undefined {
    const value = this.values[name];
    if (value === undefined) return undefined;
    if (!isTable(value)) throw this.unusable(`expected a table [${name}], found ${show(value)}`);
    return new NodeTable(this.path, `${name}.`, value);
  }

  /** What `read` makes of a value; `read` gives undefined for what is not as `expected`. `byDefault` where the key is not. */
  value<T, Default>(
    key: string,
    expected: string,
    read: (value: unknown) => T | undefined,
    byDefault: Default,
  ): T | Default {
    const value = this.values[key];
    if (value === undefined) return byDefault;
    const found = read(value);
    if (found !== undefined) return found;
    throw this.unusable(`${this.prefix}${key}: expected ${expected}, found ${show(value)}`);
  }

  /** The error for a file that says what cannot be. */
  unusable(why: string, cause?: unknown): CellError {
    return new CellError("FAILED_PRECONDITION", `reading ${this.path}: ${why}`, { cause });
  }
}

function isTable(value: unknown): value is Table {
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > SHOWN_LENGTH_MAX ? `${text.slice(0, SHOWN_LENGTH_MAX)}...` : text;
}
