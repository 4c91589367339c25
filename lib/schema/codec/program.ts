import type { Definitions, Type } from "../schema.ts";
import { typeText } from "../type_text.ts";

/**
 * Source text of one codec in the making. Nothing that comes from a schema stands in it as it is: names and literals
 * go through `quote`, bytes and counts are numbers, everything else is a constant that is handed to the code.
 */
export class Program {
  private readonly functions: string[] = [];
  private readonly names = new Map<unknown, string>();
  private readonly pending: (() => string)[] = [];
  private readonly constants: unknown[] = [];
  private readonly constantNames = new Map<string, string>();
  private typeNames: Map<Type, string> | undefined;
  private locals = 0;

  /**
   * @param explains Whether the code says what is wrong and where. The code that runs every day does not: it only finds
   * out that something is wrong, and carries no path.
   */
  constructor(readonly definitions: Definitions, readonly explains: boolean) {}

  /** The name under which the code finds a value. Values with the same key share one. */
  constant(key: string, value: () => unknown): string {
    const known = this.constantNames.get(key);
    if (known !== undefined) return known;
    const name = `k${this.constants.push(value()) - 1}`;
    this.constantNames.set(key, name);
    return name;
  }

  /** A name that nothing else in the code has. */
  local(): string {
    return `v${this.locals++}`;
  }

  /**
   * The name of the function for `key`, whose text `write` gives when its turn comes: types may be nested, or refer to
   * themselves, in any depth.
   */
  functionFor(key: unknown, write: (name: string) => string): string {
    const known = this.names.get(key);
    if (known !== undefined) return known;
    const name = `f${this.names.size}`;
    this.names.set(key, name);
    this.pending.push(() => write(name));
    return name;
  }

  /** A statement that ends the run when `condition` holds. `explanation` is an expression that makes the error. */
  refuseIf(condition: string, explanation: () => string): string {
    return `if (${condition}) ${this.refuse(explanation)}`;
  }

  /** A statement that ends the run. */
  refuse(explanation: () => string): string {
    return this.explains ? `throw ${explanation()};\n` : "throw REFUSED;\n";
  }

  /** The last argument of every function: the path so far, where the code explains. */
  path(expression: string): string {
    return this.explains ? `, ${expression}` : "";
  }

  /** What a type is called in messages, as an expression. */
  expected(type: Type): string {
    if (!this.explains) return "undefined";
    this.typeNames ??= new Map(Object.entries(this.definitions).map(([name, definition]) => [definition.type, name]));
    return quote(typeText(type, (part) => this.typeNames!.get(part)));
  }

  /** Makes the code and gives the function called `entry`. */
  link(entry: string, runtime: { readonly [name: string]: unknown }): unknown {
    for (let next = this.pending.pop(); next !== undefined; next = this.pending.pop()) this.functions.push(next());
    const constants = this.constants.map((_, index) => `k${index}`).join(", ");
    const source = `"use strict";
const { ${Object.keys(runtime).join(", ")} } = runtime;
const [${constants}] = constants;
${this.functions.join("\n")}
return ${entry};`;
    return new Function("runtime", "constants", source)(runtime, this.constants);
  }
}

/** What generated code throws when it finds that something is wrong but not what. */
export const REFUSED = new Error("refused");

/** A string as a literal. Line separators are legal in JavaScript strings, but not in what some tools make of them. */
export function quote(text: string): string {
  return JSON.stringify(text).replace(/[\u2028\u2029]/g, (character) => `\\u${character.charCodeAt(0).toString(16)}`);
}

/** An expression for what a property adds to a path. */
export function propertySuffix(name: string): string {
  return quote(/^[A-Za-z_$][A-Za-z0-9_$]*$/.test(name) ? `.${name}` : `[${JSON.stringify(name)}]`);
}

/** An expression for the path of a property. */
export function propertyPath(name: string): string {
  return `at + ${propertySuffix(name)}`;
}
