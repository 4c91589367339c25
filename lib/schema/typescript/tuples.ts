import type ts from "typescript";
import type { TupleElement, Type } from "../schema.ts";
import { inside, type Place, type ReadContext } from "./context.ts";
import { convertType, UNREADABLE } from "./convert.ts";
import { convertOptional } from "./unions.ts";
import { tupleElements, type Written } from "./written.ts";

/** A tuple with its optional elements and its rest. */
export function convertTuple(context: ReadContext, type: ts.TupleTypeReference, place: Place, written: Written): Type {
  const { compiler, checker, problems } = context;
  const { ElementFlags } = compiler;
  const elements = checker.getTypeArguments(type);
  const nodes = tupleElements(context, written);
  const items: TupleElement[] = [];
  let rest: Type | undefined;
  for (const [index, flags] of type.target.elementFlags.entries()) {
    const element = elements[index]!;
    if (rest !== undefined || flags & ElementFlags.Variadic) {
      problems.add(place, "a tuple can have a rest element only at its end", "write an array, or an object");
      return UNREADABLE;
    }
    const at = inside(place, `[${index}]`);
    if (flags & ElementFlags.Rest) rest = convertType(context, element, inside(place, "[]"), nodes[index]);
    else if (flags & ElementFlags.Optional) {
      items.push({ type: convertOptional(context, element, at, nodes[index]).type, optional: true });
    } else items.push({ type: convertType(context, element, at, nodes[index]) });
  }
  return { kind: "tuple", items, ...(rest === undefined ? {} : { rest }) };
}
