import { partsOf } from "../resolve.ts";
import type { Schema, Type } from "../schema.ts";
import { methodDocumentation } from "./describe.ts";
import { comment } from "./documentation.ts";
import { isReserved } from "./names.ts";
import { TypePrinter } from "./type_printer.ts";

const INDENT = "  ";

/**
 * The text of `declare module "cell:NAME" { ... }`: what makes `import { greet } from "cell:hello"` a typed client, to
 * the checker as well as to an editor.
 */
export function declareModule(schema: Schema): string {
  const printer = new TypePrinter(schema.types);
  const parts: string[] = [];
  const formats = numberFormats(schema);
  if (formats.length > 0) parts.push(`${INDENT}import type { ${formats.join(", ")} } from "cell";\n`);
  for (const [name, definition] of Object.entries(schema.types)) {
    parts.push(printer.definition(name, definition, INDENT, "export "));
  }
  const taken = new Set(Object.keys(schema.methods));
  for (const [name, method] of Object.entries(schema.methods)) {
    const head = comment(methodDocumentation(method), INDENT) + INDENT;
    const signature = printer.signature(method, INDENT);
    if (!isReserved(name)) parts.push(`${head}export function ${name}${signature};\n`);
    else {
      // A word of the language cannot be declared, but it can be the name of an export.
      let local = `_${name}`;
      while (taken.has(local)) local = `_${local}`;
      taken.add(local);
      parts.push(`${head}function ${local}${signature};\n${INDENT}export { ${local} as ${name} };\n`);
    }
  }
  const doc = comment(schema.doc === undefined ? [] : [schema.doc], "");
  return `${doc}declare module ${JSON.stringify(`cell:${schema.name}`)} {\n${parts.join("\n")}}\n`;
}

/** The names that the module imports from "cell", in order. */
function numberFormats(schema: Schema): string[] {
  const formats = new Set<string>();
  const pending: Type[] = Object.values(schema.types).map(({ type }) => type);
  for (const method of Object.values(schema.methods)) {
    pending.push(method.result, ...method.params.map((param) => param.type));
  }
  for (let type = pending.pop(); type !== undefined; type = pending.pop()) {
    if ("format" in type && type.format !== undefined) formats.add(type.format);
    pending.push(...partsOf(type));
  }
  return [...formats].sort();
}
