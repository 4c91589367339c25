import { CellError, didYouMean, durationMs, toCellError } from "../base/mod.ts";
import { assertUserServiceName, INSTANCES_MAX, parseAccessList } from "../service/mod.ts";

type Table = { readonly [key: string]: unknown };

/** In a longer text the line of a mistake is not looked for. */
const LINES_TRIED_MAX = 1000;
/** More characters of a value help nobody. */
const SHOWN_LENGTH_MAX = 80;

/** Reads the values of a `cell.toml`; every complaint has the file, the line as far as it is known, and the key. */
export class ConfigReader {
  readonly #path: string;
  readonly #text: string;

  constructor(path: string, text: string) {
    this.#path = path;
    this.#text = text;
  }

  document(): Table {
    try {
      return Bun.TOML.parse(this.#text) as Table;
    } catch (error) {
      const line = this.#brokenLine();
      const why = (error as Error).message.replace(/^TOML Parse error: /, "");
      const bare = /^\s*cpu_target\s*=\s*([\d.]+\s*%)/m.exec(this.#text)?.[1];
      const advice = bare === undefined ? "" : ` Write a share in quotes: cpu_target = "${bare}"`;
      const place = line === undefined ? this.#path : `${this.#path}:${line}`;
      const message = `${place}: it is not TOML: ${why}.${advice}`;
      throw new CellError("INVALID_ARGUMENT", message, { cause: error });
    }
  }

  table(name: string, value: unknown): Table {
    if (value === undefined) return {};
    if (isTable(value)) return value;
    throw this.refused(name.split(".").at(-1)!, `expected a table [${name}], found ${show(value)}`);
  }

  refuseUnknown(table: string, values: Table, known: readonly string[], advice: (key: string) => string): void {
    const other = Object.keys(values).find((key) => !known.includes(key));
    if (other === undefined) return;
    const where = table === "" ? "" : `[${table}] `;
    throw this.refused(other, `${where}${other}: there is no such key.${advice(other) || didYouMean(other, known)}`);
  }

  name(value: unknown): string | undefined {
    const name = this.text("cell", "name", value);
    if (name === undefined) return undefined;
    try {
      assertUserServiceName(name);
    } catch (error) {
      throw this.refused("name", `[cell] name: ${toCellError(error).message}`);
    }
    return name;
  }

  text(table: string, key: string, value: unknown): string | undefined {
    if (value === undefined) return undefined;
    if (typeof value === "string" && value !== "" && !value.includes("\0")) return value;
    throw this.refused(key, `[${table}] ${key}: expected text in quotes, found ${show(value)}`);
  }

  count(key: string, value: unknown, min: number): number | undefined {
    if (value === undefined) return undefined;
    if (typeof value === "number" && Number.isInteger(value) && value >= min && value <= INSTANCES_MAX) return value;
    throw this.#biology(key, `a whole number from ${min} to ${INSTANCES_MAX}`, value);
  }

  share(key: string, value: unknown): number | undefined {
    if (value === undefined) return undefined;
    const percent = typeof value === "string" ? /^(\d+(?:\.\d+)?)\s*%$/.exec(value)?.[1] : undefined;
    const share = percent === undefined ? value : Number(percent) / 100;
    if (typeof share === "number" && share > 0 && share <= 1) return share;
    throw this.#biology(key, 'a share of one core such as "60%" or 0.6', value);
  }

  duration(key: string, value: unknown): number | undefined {
    if (value === undefined) return undefined;
    const found = typeof value === "string" ? durationMs(value) : undefined;
    if (found !== undefined) return found;
    throw this.#biology(key, 'a duration in quotes such as "30s", "5m" or "1h" (at most 24 days)', value);
  }

  environment(value: unknown): Record<string, string> {
    const table = this.table("cell.env", value);
    const env: Record<string, string> = {};
    for (const [key, found] of Object.entries(table)) {
      if (typeof found !== "string") {
        const advice = isTable(found) ? "" : ` Write it in quotes: ${key} = "${String(found)}"`;
        throw this.refused(key, `[cell.env] ${key}: expected text, found ${show(found)}.${advice}`);
      }
      Object.defineProperty(env, key, { value: found, enumerable: true, configurable: true, writable: true });
    }
    return env;
  }

  access(value: unknown): string[] {
    if (!Array.isArray(value) || value.some((name) => typeof name !== "string")) {
      const found = value === undefined ? "nothing" : show(value);
      const expected = 'a list of names in quotes such as ["trader", "ops-*"]';
      throw this.refused(
        value === undefined ? "cell.access" : "allow",
        `[cell.access] allow: expected ${expected}, found ${found}`,
      );
    }
    try {
      parseAccessList(value);
    } catch (error) {
      throw this.refused("allow", `[cell.access] allow: ${toCellError(error).message}`);
    }
    return value;
  }

  /** The error for a key, with the line that it is written on. */
  refused(key: string, why: string): CellError {
    const pattern = new RegExp(`^\\s*(?:\\[[^\\]]*\\b)?["']?${RegExp.escape(key)}\\b`);
    const index = this.#text.split("\n").findIndex((line) => pattern.test(line));
    return new CellError("INVALID_ARGUMENT", `${this.#path}${index === -1 ? "" : `:${index + 1}`}: ${why}`);
  }

  #biology(key: string, expected: string, found: unknown): CellError {
    return this.refused(key, `[cell.biology] ${key}: expected ${expected}, found ${show(found)}`);
  }

  /**
   * The parser does not say where it stopped: at the line behind the longest beginning that is a document. Undefined when
   * looking for that would take long.
   */
  #brokenLine(): number | undefined {
    const lines = this.#text.split("\n");
    if (lines.length > LINES_TRIED_MAX) return undefined;
    for (let count = lines.length - 1; count > 0; count--) {
      try {
        Bun.TOML.parse(lines.slice(0, count).join("\n"));
        return count + 1;
      } catch {
        // Shorter.
      }
    }
    return 1;
  }
}

function isTable(value: unknown): value is Table {
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

function show(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  if (isTable(value)) return "a table";
  if (typeof value === "object") return `the date ${String(value)}`;
  const text = typeof value === "string" ? JSON.stringify(value) : String(value);
  return text.length > SHOWN_LENGTH_MAX ? `${text.slice(0, SHOWN_LENGTH_MAX)}...` : text;
}
