import { DEFINITIONS_MAX } from "../limits.ts";
import type { Definition, Definitions, Type } from "../schema.ts";

/** What a definition is made for: a type, or the alias of a type that has no identity, such as `type Id = string`. */
export type DefinitionKey = object;

/** The named types that a reading has met. */
export class DefinitionTable {
  readonly types: Definitions = {};
  private readonly names = new Map<DefinitionKey, string>();
  private readonly taken = new Set<string>();
  private readonly pending: (() => void)[] = [];

  /** The reference to a type that has been met before. */
  find(key: DefinitionKey): Type | undefined {
    const name = this.names.get(key);
    return name === undefined ? undefined : { kind: "ref", name };
  }

  /** Whether there is room for one more. */
  get hasRoom(): boolean {
    return this.names.size < DEFINITIONS_MAX;
  }

  /**
   * Gives a type a name and defines it: now, or with `later` once everything that is being read has been read, so that
   * a long chain of types needs no deep stack.
   */
  define(key: DefinitionKey, wanted: string, body: () => Definition, later: boolean): Type {
    const name = this.freeName(wanted);
    this.names.set(key, name);
    if (later) this.pending.push(() => this.types[name] = body());
    else this.types[name] = body();
    return { kind: "ref", name };
  }

  /** Defines what was left for later, and what that leaves in turn. */
  finish(): void {
    for (let next = this.pending.shift(); next !== undefined; next = this.pending.shift()) next();
  }

  /** Whether a type, if it is a name, leads to one that has been defined already. */
  isComplete(type: Type): boolean {
    for (let current = type; current.kind === "ref";) {
      if (!Object.hasOwn(this.types, current.name)) return false;
      current = this.types[current.name]!.type;
    }
    return true;
  }

  private freeName(wanted: string): string {
    const base = wanted === "__proto__" ? "Proto" : wanted;
    let name = base;
    for (let count = 2; this.taken.has(name); count++) name = `${base}${count}`;
    this.taken.add(name);
    return name;
  }
}
