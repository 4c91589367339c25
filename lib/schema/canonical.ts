import { CellError } from "../base/mod.ts";
import { admits, resolve, type ResolvedType, unionMembers } from "./resolve.ts";
import type { Definitions, Method, Type } from "./schema.ts";

/**
 * Characters written in all rounds of all methods of one service. A service with 500 methods that each reach 200 types
 * five levels deep needs some thirty millions; the bound keeps a hostile document, which may repeat long names in many
 * methods and rounds, under about a second.
 */
const CANONICAL_WORK_MAX = 128_000_000;

/** Types without their gene. */
export type MethodShape = Pick<Method, "params" | "result" | "resultStream">;

/** What a type consists of: text, and in between the types it refers to, by number. A union's order means nothing. */
type Node = { parts: (string | number)[] } | { members: number[] };

/**
 * Writes methods canonically. All methods of one service share one instance, so that a type used by many of them is
 * looked into once.
 *
 * Types form a graph with cycles. Two of them are the same if no value tells them apart, however they are named and
 * wherever a name interrupts them: that is the coarsest partition of the graph in which equal types have equal parts,
 * and Moore's algorithm for minimising automata finds it by refining round after round. Numbering classes by the sorted
 * order of their text, never by their place in the document, makes the result independent of names and order.
 */
export class CanonicalWriter {
  private readonly nodes: Node[] = [];
  private readonly nodeOfType = new Map<Type, number>();
  private readonly optionalNodes = new Map<Type, number>();
  private readonly nodeOfText = new Map<string, number>();
  private readonly pending: { node: number; type: ResolvedType }[] = [];
  private work = 0;

  constructor(private readonly definitions: Definitions) {}

  /** The canonical JSON of a method. Throws RESOURCE_EXHAUSTED for a service whose types are too complex. */
  method(method: MethodShape): string {
    const params = method.params.map((param) => ({
      node: param.optional ? this.optionalNode(param.type) : this.node(param.type),
      text: `${param.optional ? '"optional":true,' : ""}${param.rest ? '"rest":true,' : ""}${
        param.stream ? '"stream":true,' : ""
      }`,
    }));
    const result = this.node(method.result);
    const { table, numberOf } = this.minimise([...params.map((param) => param.node), result]);
    const paramsText = params.map((param) => `{${param.text}"type":${numberOf(param.node)}}`).join(",");
    const streamText = method.resultStream ? '"resultStream":true,' : "";
    return `{"params":[${paramsText}],"result":${numberOf(result)},${streamText}"types":[${table.join(",")}]}`;
  }

  private node(written: Type): number {
    const type = resolve(written, this.definitions);
    const known = this.nodeOfType.get(type);
    if (known !== undefined) return known;
    const node = this.create(type);
    this.nodeOfType.set(type, node);
    return node;
  }

  /** Types without parts are shared by their text; types with parts are looked into later, so depth costs no stack. */
  private create(type: ResolvedType): number {
    if (hasParts(type)) {
      const node = this.nodes.push({ parts: [] }) - 1;
      this.pending.push({ node, type });
      return node;
    }
    const text = primitiveText(type);
    const known = this.nodeOfText.get(text);
    if (known !== undefined) return known;
    const node = this.nodes.push({ parts: [text] }) - 1;
    this.nodeOfText.set(text, node);
    return node;
  }

  /** What may be absent may be undefined: the type of an optional value is written without it. */
  private optionalNode(written: Type): number {
    const type = resolve(written, this.definitions);
    if (type.kind !== "union" || !admits(type, "undefined", this.definitions)) return this.node(type);
    let node = this.optionalNodes.get(type);
    if (node === undefined) {
      const defined = unionMembers(type, this.definitions).filter((member) => member.kind !== "undefined");
      node = this.node(defined.length < 2 ? defined[0] ?? type : { kind: "union", members: defined });
      this.optionalNodes.set(type, node);
    }
    return node;
  }

  private expandPending(): void {
    for (let next = this.pending.pop(); next !== undefined; next = this.pending.pop()) {
      this.nodes[next.node] = this.expand(next.type);
    }
  }

  private expand(type: ResolvedType): Node {
    switch (type.kind) {
      case "array":
      case "set":
        return { parts: ['{"items":', this.node(type.items), `,"kind":"${type.kind}"${boundsText(type)}}`] };
      case "map":
        return {
          parts: [
            '{"key":',
            this.node(type.key),
            `,"kind":"map"${boundsText(type)},"value":`,
            this.node(type.value),
            "}",
          ],
        };
      case "tuple": {
        const parts: Part[] = ['{"items":['];
        type.items.forEach((item, index) => {
          if (index > 0) parts.push(",");
          this.pushOptional(parts, item);
        });
        parts.push(`],"kind":"tuple"`);
        if (type.rest !== undefined) parts.push(',"rest":', this.node(type.rest));
        parts.push("}");
        return { parts };
      }
      case "object": {
        const parts: Part[] = ["{"];
        if (type.index !== undefined) parts.push('"index":', this.node(type.index), ",");
        parts.push('"kind":"object","properties":{');
        Object.keys(type.properties).sort().forEach((name, index) => {
          parts.push(`${index > 0 ? "," : ""}${JSON.stringify(name)}:`);
          this.pushOptional(parts, type.properties[name]!);
        });
        parts.push("}}");
        return { parts };
      }
      case "union":
        return { members: unionMembers(type, this.definitions).map((member) => this.node(member)) };
      default:
        return { parts: [primitiveText(type)] };
    }
  }

  private pushOptional(parts: Part[], value: { type: Type; optional?: true }): void {
    if (value.optional) parts.push('{"optional":true,"type":', this.optionalNode(value.type), "}");
    else parts.push('{"type":', this.node(value.type), "}");
  }

  private minimise(roots: number[]): { table: string[]; numberOf: (node: number) => number } {
    this.expandPending();
    const nodes = this.reachable(roots);
    let numbers = new Map<number, number>(nodes.map((node) => [node, 0]));
    let classes = 1;
    for (;;) {
      const current = numbers;
      const numberOf = (node: number): number => current.get(node)!;
      const texts = nodes.map((node) => this.charged(nodeText(this.nodes[node]!, numberOf)));
      const distinct = [...new Set(texts)].sort();
      if (distinct.length === classes) {
        const table = new Array<string>(classes);
        nodes.forEach((node, index) => table[numberOf(node)] = texts[index]!);
        return { table, numberOf };
      }
      classes = distinct.length;
      const rank = new Map(distinct.map((text, index) => [text, index]));
      numbers = new Map(nodes.map((node, index) => [node, rank.get(texts[index]!)!]));
    }
  }

  private charged(text: string): string {
    this.work += text.length;
    if (this.work <= CANONICAL_WORK_MAX) return text;
    throw new CellError("RESOURCE_EXHAUSTED", "the service's types are too many and too deep to be fingerprinted");
  }

  private reachable(roots: number[]): number[] {
    const found = new Set(roots);
    for (const node of found) for (const child of childrenOf(this.nodes[node]!)) found.add(child);
    return [...found];
  }
}

type Part = string | number;

function childrenOf(node: Node): number[] {
  if ("members" in node) return node.members;
  return node.parts.filter((part) => typeof part === "number");
}

function nodeText(node: Node, numberOf: (node: number) => number): string {
  if ("members" in node) {
    const members = [...new Set(node.members.map(numberOf))].sort((a, b) => a - b);
    return `{"kind":"union","members":[${members.join(",")}]}`;
  }
  let text = "";
  for (const part of node.parts) text += typeof part === "number" ? numberOf(part) : part;
  return text;
}

function hasParts(type: ResolvedType): boolean {
  switch (type.kind) {
    case "array":
    case "set":
    case "map":
    case "tuple":
    case "object":
    case "union":
      return true;
    default:
      return false;
  }
}

/** The JSON of a type without parts, its keys sorted. */
function primitiveText(type: ResolvedType): string {
  const entries = Object.entries(type).filter(([, value]) => value !== undefined);
  return JSON.stringify(Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1))));
}

function boundsText(type: { minItems?: number; maxItems?: number }): string {
  return (type.maxItems === undefined ? "" : `,"maxItems":${type.maxItems}`) +
    (type.minItems === undefined ? "" : `,"minItems":${type.minItems}`);
}
