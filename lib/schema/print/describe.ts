import type { Method, Schema } from "../schema.ts";
import { comment, constraintTags } from "./documentation.ts";
import { parameterIdentifiers } from "./names.ts";
import { TypePrinter } from "./type_printer.ts";

/** A method's signature on one line: `greet(name: string): Promise<string>`. Types with a name show only the name. */
export function describeMethod(name: string, method: Method): string {
  return name + new TypePrinter({}).signature(method, "", true);
}

/** What a service offers, for people: its methods and then its types, with their descriptions. */
export function describeSchema(schema: Schema): string {
  const printer = new TypePrinter(schema.types);
  const parts = Object.entries(schema.methods).map(([name, method]) =>
    `${comment(methodDocumentation(method), "")}${name}${printer.signature(method, "")}\n`
  );
  for (const [name, definition] of Object.entries(schema.types)) {
    parts.push(printer.definition(name, definition, "", ""));
  }
  return comment(schema.doc === undefined ? [] : [schema.doc], "") + (schema.doc === undefined ? "" : "\n") +
    parts.join("\n");
}

/** A method's description with a line for each parameter that has something to say. */
export function methodDocumentation(method: Method): string[] {
  const names = parameterIdentifiers(method.params.map((param) => param.name));
  const lines = method.doc === undefined || method.doc === "" ? [] : [method.doc];
  method.params.forEach((param, index) => {
    const constraints = constraintTags(param.type).map((tag) => tag.slice(1)).join(", ");
    const text = [param.doc, constraints === "" ? undefined : `(${constraints})`].filter((part) => part).join(" ");
    if (text !== "") lines.push(`@param ${names[index]} ${text}`);
  });
  return lines;
}
