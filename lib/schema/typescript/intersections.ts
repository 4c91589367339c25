import type ts from "typescript";
import type { BigintFormat, IntegerFormat, Type } from "../schema.ts";
import { type Place, type ReadContext } from "./context.ts";
import { convertType, UNREADABLE } from "./convert.ts";
import { convertProperties, isBrand, isContainer } from "./objects.ts";
import type { Written } from "./written.ts";

/** The property by which sdk/cell.d.ts tells its number types from a plain `number`. */
const FLAVOUR_PROPERTY = "__cellNumber";

/**
 * An intersection: of a primitive or a container and a brand it is the primitive or container, of objects it is one
 * object with all their properties.
 */
export function convertIntersection(
  context: ReadContext,
  type: ts.IntersectionType,
  place: Place,
  written: Written,
): Type {
  const { compiler, checker, problems } = context;
  const { TypeFlags } = compiler;
  const primitives = TypeFlags.StringLike | TypeFlags.NumberLike | TypeFlags.BigIntLike | TypeFlags.BooleanLike;
  const primitive = type.types.find((part) => part.flags & primitives);
  if (primitive !== undefined) {
    return flavoured(context, type) ?? convertType(context, primitive, place);
  }
  const container = type.types.find((part) => isContainer(context, part));
  if (container === undefined) return convertProperties(context, type, place);
  const extra = type.types.find((part) => part !== container && !isBrand(context, part));
  if (extra === undefined) return convertType(context, container, place, written);
  problems.add(
    place,
    `${checker.typeToString(container)} cannot carry the properties of ${checker.typeToString(extra)} across the wire`,
    "put both into an object, each in its own property",
  );
  return UNREADABLE;
}

/** The number format of `import type { u8 } from "cell"`, however the type got here. */
function flavoured(context: ReadContext, type: ts.IntersectionType): Type | undefined {
  const property = context.checker.getPropertyOfType(type, FLAVOUR_PROPERTY);
  if (property === undefined) return undefined;
  const flavour = context.checker.getNonNullableType(context.checker.getTypeOfSymbol(property));
  if (!flavour.isStringLiteral()) return undefined;
  // A literal that was assigned to one of these types is more than its format says.
  if (type.types.some((part) => part.isLiteral())) return undefined;
  switch (flavour.value) {
    case "f32":
      return { kind: "number", format: "f32" };
    case "i64":
    case "u64":
      return { kind: "bigint", format: flavour.value as BigintFormat };
    default:
      return { kind: "integer", format: flavour.value as IntegerFormat };
  }
}
