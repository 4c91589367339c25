import type { Definitions, Type } from "./schema.ts";

/** A type in a message is cut after this many characters: messages are for one line. */
const TEXT_LENGTH_MAX = 80;

/**
 * A type as a TypeScript programmer would write it, on one line and shortened, for messages. Types with a name show
 * only the name: that of a reference, and the one under which a type is defined. Without definitions there are none of
 * the latter; a function that finds them is for callers with many types.
 */
export function typeText(
  type: Type,
  names: Definitions | ((type: Type) => string | undefined) = {},
): string {
  const find = typeof names === "function" ? names : (wanted: Type) => nameIn(names, wanted);
  const text = find(type) ?? typeLine(type, (name) => name, TEXT_LENGTH_MAX);
  return text.length <= TEXT_LENGTH_MAX ? text : `${text.slice(0, TEXT_LENGTH_MAX - 3)}...`;
}

function nameIn(definitions: Definitions, type: Type): string | undefined {
  for (const [name, definition] of Object.entries(definitions)) if (definition.type === type) return name;
  return undefined;
}

/**
 * A type on one line, its references called as `nameOf` says. `room` shrinks with every part: what would not be shown is
 * not written, so that a type of any size costs no more than its beginning.
 */
export function typeLine(type: Type, nameOf: (name: string) => string, room = Infinity): string {
  const write = (inner: Type, left: number): string => typeLine(inner, nameOf, left);
  if (room <= 0) return "...";
  switch (type.kind) {
    case "number":
      return type.format ?? "number";
    case "integer":
      return type.format;
    case "bigint":
      return type.format ?? "bigint";
    case "bytes":
      return "Uint8Array";
    case "date":
      return "Date";
    case "literal":
      return typeof type.value === "string" ? quoted(type.value) : String(type.value);
    case "bigintLiteral":
      return `${type.value}n`;
    case "array":
      return `${enclosed(type.items, write(type.items, room - 2))}[]`;
    case "set":
      return `Set<${write(type.items, room - 5)}>`;
    case "map":
      return `Map<${write(type.key, room - 5)}, ${write(type.value, room - 5)}>`;
    case "tuple": {
      const parts = list(
        type.items,
        room,
        ({ type: item, optional }, left) => optional ? `${enclosed(item, write(item, left))}?` : write(item, left),
      );
      if (type.rest !== undefined) parts.push(`...${write({ kind: "array", items: type.rest }, room - 5)}`);
      return `[${parts.join(", ")}]`;
    }
    case "object": {
      const parts = list(Object.entries(type.properties), room, ([name, property], left) => {
        const shown = `${propertyName(name)}${property.optional ? "?" : ""}: `;
        return shown + write(property.type, left - shown.length);
      });
      if (type.index !== undefined) parts.push(`[name: string]: ${write(indexType(type), room - 16)}`);
      return parts.length === 0 ? "{}" : `{ ${parts.join("; ")} }`;
    }
    case "union":
      return list(type.members, room, write).join(" | ");
    case "ref":
      return nameOf(type.name);
    default:
      return type.kind;
  }
}

/** In TypeScript declared properties have to be of the index signature's type, optional ones with undefined. */
export function indexType(type: Extract<Type, { kind: "object" }>): Type {
  const hasOptional = Object.values(type.properties).some((property) => property.optional);
  return hasOptional ? { kind: "union", members: [type.index!, { kind: "undefined" }] } : type.index!;
}

function enclosed(type: Type, text: string): string {
  return type.kind === "union" ? `(${text})` : text;
}

function list<T>(items: readonly T[], room: number, show: (item: T, room: number) => string): string[] {
  const parts: string[] = [];
  let left = room;
  for (const item of items) {
    if (left <= 0) {
      parts.push("...");
      break;
    }
    const part = show(item, left);
    left -= part.length + 2;
    parts.push(part);
  }
  return parts;
}

/** A property's name as it is written in a type: quoted only where it must be. */
export function propertyName(name: string): string {
  return /^[A-Za-z_$][A-Za-z0-9_$]*$/.test(name) ? name : quoted(name);
}

/** A string literal that a terminal shows as it is: JSON escapes only the older half of the control characters. */
function quoted(text: string): string {
  return JSON.stringify(text).replace(/\p{Cc}/gu, (control) => `\\u00${control.charCodeAt(0).toString(16)}`);
}
