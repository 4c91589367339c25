import type { Definition, Definitions, Method, Type } from "../schema.ts";
import { indexType, propertyName, typeLine } from "../type_text.ts";
import { comment, documentation } from "./documentation.ts";
import { parameterIdentifiers, typeIdentifiers } from "./names.ts";

/** Lines are broken where they would be longer. */
const LINE_LENGTH_MAX = 100;
const INDENT = "  ";

/** Prints the types of one service as TypeScript. */
export class TypePrinter {
  private readonly identifiers: Map<string, string>;

  constructor(definitions: Definitions) {
    this.identifiers = typeIdentifiers(Object.keys(definitions));
  }

  /** What the type with this name is called in TypeScript. */
  identifier = (name: string): string => this.identifiers.get(name) ?? name;

  /** `(name: string, age?: number): Promise<void>` */
  signature(method: Method, indent: string, isOnOneLine = false): string {
    const names = parameterIdentifiers(method.params.map((param) => param.name));
    const print = (type: Type): string => isOnOneLine ? typeLine(type, this.identifier) : this.type(type, indent);
    const params = method.params.map((param, index) => {
      const type = param.stream
        ? `AsyncIterable<${print(param.type)}>`
        : param.rest
        ? print({ kind: "array", items: param.type })
        : print(param.type);
      return `${param.rest ? "..." : ""}${names[index]}${param.optional ? "?" : ""}: ${type}`;
    });
    const result = method.result.kind === "undefined" ? "void" : print(method.result);
    const returned = method.resultStream ? `AsyncGenerator<${result}, void, void>` : `Promise<${result}>`;
    return `(${params.join(", ")}): ${returned}`;
  }

  /** `interface Name { ... }` or `type Name = ...;`, with its documentation and a line end. */
  definition(name: string, { doc, type }: Definition, indent: string, prefix: string): string {
    const identifier = this.identifier(name);
    const head = comment(documentation(doc, type), indent) + indent + prefix;
    if (type.kind === "object" && Object.keys(type.properties).length > 0) {
      return `${head}interface ${identifier} ${this.block(type, indent)}\n`;
    }
    const text = this.type(type, indent);
    return `${head}type ${identifier} =${text.startsWith("\n") ? "" : " "}${text};\n`;
  }

  /** A type, on several lines where it is long or has something to explain. */
  private type(type: Type, indent: string): string {
    const line = typeLine(type, this.identifier);
    const isShort = indent.length + line.length <= LINE_LENGTH_MAX && !isDocumented(type);
    if (isShort) return line;
    switch (type.kind) {
      case "object":
        return this.block(type, indent);
      case "array":
        return type.items.kind === "union"
          ? `Array<${this.type(type.items, indent)}>`
          : `${this.type(type.items, indent)}[]`;
      case "set":
        return `Set<${this.type(type.items, indent)}>`;
      case "map":
        return `Map<${this.type(type.key, indent)}, ${this.type(type.value, indent)}>`;
      case "union": {
        const inner = indent + INDENT;
        return type.members.map((member) => `\n${inner}| ${this.type(member, inner)}`).join("");
      }
      default:
        return line;
    }
  }

  private block(type: Extract<Type, { kind: "object" }>, indent: string): string {
    const inner = indent + INDENT;
    const lines = Object.entries(type.properties).map(([name, property]) =>
      `${comment(documentation(property.doc, property.type), inner)}${inner}${propertyName(name)}${
        property.optional ? "?" : ""
      }: ${this.type(property.type, inner)};\n`
    );
    if (type.index !== undefined) lines.push(`${inner}[name: string]: ${this.type(indexType(type), inner)};\n`);
    return `{\n${lines.join("")}${indent}}`;
  }
}

/** Whether something inside a type has a description or constraints, which need a line of their own. */
function isDocumented(type: Type): boolean {
  switch (type.kind) {
    case "array":
    case "set":
      return isDocumented(type.items);
    case "map":
      return isDocumented(type.value);
    case "union":
      return type.members.some(isDocumented);
    case "object":
      return Object.values(type.properties).some((property) =>
        documentation(property.doc, property.type).length > 0 || isDocumented(property.type)
      );
    default:
      return false;
  }
}
