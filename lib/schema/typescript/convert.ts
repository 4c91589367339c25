import type ts from "typescript";
import { BIGINT_RANGES } from "../check.ts";
import { DEFINITIONS_MAX, TYPE_DEPTH_MAX } from "../limits.ts";
import { resolve } from "../resolve.ts";
import type { Type } from "../schema.ts";
import { reportAny } from "./any_type.ts";
import { constrained } from "./constraints.ts";
import { inside, isFromLibrary, ownNode, type Place, type ReadContext } from "./context.ts";
import { convertIntersection } from "./intersections.ts";
import { docField, docOf } from "./jsdoc.ts";
import { convertObject, isContainer } from "./objects.ts";
import { instantiationName } from "./type_names.ts";
import { convertTemplates } from "./template_literals.ts";
import { convertUnion } from "./unions.ts";
import { confirmed, namedAlias, type Written } from "./written.ts";

/** What stands for a type that could not be read, so that the reading goes on and finds the other problems. */
export const UNREADABLE: Type = { kind: "unknown" };

/** A type as the schema writes it. What cannot cross the wire becomes a problem. */
export function convertType(context: ReadContext, type: ts.Type, place: Place, written?: Written): Type {
  if (place.depth > TYPE_DEPTH_MAX) {
    context.problems.add(
      place,
      `types are nested deeper than ${TYPE_DEPTH_MAX}`,
      "give one of the inner types a name with interface or type",
    );
    return UNREADABLE;
  }
  const node = confirmed(context, type, written);
  const alias = namedAlias(context, type, node);
  if (alias !== undefined) {
    const { symbol, declaration } = alias;
    return defined(context, symbol, { symbol, wanted: symbol.name, declaration, type }, place, declaration.type);
  }
  const named = nameOf(context, type);
  if (named !== undefined) return defined(context, type, { ...named, type }, place, annotationIn(context, named));
  return convertStructure(context, type, place, node ?? written);
}

/**
 * How many versions of one generic type may enclose each other. A type such as `interface Nest<T> { inner: Nest<T[]> }`
 * has no end of them.
 */
const GENERIC_NESTING_MAX = 32;

interface Named {
  symbol: ts.Symbol;
  wanted: string;
  declaration: ts.Node | undefined;
}

/** The name that a type is known by, unless it is a name of the library. */
function nameOf(context: ReadContext, type: ts.Type): Named | undefined {
  const { compiler, checker } = context;
  const { aliasSymbol } = type;
  // A name that means nothing is an alias of any to the checker.
  if (type.flags & compiler.TypeFlags.Any) return undefined;
  if (aliasSymbol !== undefined && !isFromLibrary(aliasSymbol)) {
    const wanted = instantiationName(context, aliasSymbol.name, type.aliasTypeArguments ?? []);
    return { symbol: aliasSymbol, wanted, declaration: aliasSymbol.declarations?.[0] };
  }
  const symbol = type.getSymbol();
  if (symbol === undefined || isFromLibrary(symbol)) return undefined;
  const isNamed = (symbol.flags & (compiler.SymbolFlags.Interface | compiler.SymbolFlags.Class)) !== 0 &&
      (type.flags & compiler.TypeFlags.Object) !== 0 ||
    (symbol.flags & compiler.SymbolFlags.Enum) !== 0;
  // The constructor of a class has the class's symbol too.
  if (!isNamed || type.getConstructSignatures().length > 0) return undefined;
  const parameters = (type as ts.InterfaceType).objectFlags & compiler.ObjectFlags.Reference
    ? checker.getTypeArguments(type as ts.TypeReference).filter((argument) => !isThis(argument))
    : [];
  const name = symbol.name === "default" || symbol.name === "__class" ? "Default" : symbol.name;
  return { symbol, wanted: instantiationName(context, name, parameters), declaration: symbol.declarations?.[0] };
}

/** What an alias without type parameters was written as: its parts are hints for the parts of the type. */
function annotationIn(context: ReadContext, { declaration }: Named): Written {
  const { compiler } = context;
  return declaration !== undefined && compiler.isTypeAliasDeclaration(declaration) ? declaration.type : undefined;
}

function defined(
  context: ReadContext,
  key: object,
  { symbol, wanted, declaration, type }: Named & { type: ts.Type },
  place: Place,
  written: Written,
): Type {
  const { compiler, definitions } = context;
  const known = definitions.find(key);
  if (known !== undefined) return known;
  const nesting = (place.generics?.get(symbol) ?? 0) + 1;
  if (nesting > GENERIC_NESTING_MAX || !definitions.hasRoom) {
    if (definitions.hasRoom) {
      const message = `${symbol.name} refers to itself with ever larger type arguments, so it has no end`;
      context.problems.add(place, message, "let it refer to itself with the same type arguments");
    } else context.problems.add(place, `there are more than ${DEFINITIONS_MAX} named types`, "split the service");
    return UNREADABLE;
  }
  const at: Place = {
    path: place.path,
    node: ownNode(context, nameOfNode(declaration)) ?? place.node,
    depth: 0,
    generics: isGeneric(declaration) ? new Map(place.generics).set(symbol, nesting) : place.generics ?? new Map(),
  };
  const body = () => {
    const doc = declaration === undefined ? undefined : docOf(compiler, declaration);
    return { ...docField(doc), type: constrained(context, convertAliased(context, type, at, written), doc, at) };
  };
  const hasProperties = (type.flags & compiler.TypeFlags.Object) !== 0 && !isContainer(context, type);
  return definitions.define(key, wanted, body, hasProperties);
}

/** What a name stands for. An alias of another alias has its constraints, too. */
function convertAliased(context: ReadContext, type: ts.Type, place: Place, written: Written): Type {
  const node = confirmed(context, type, written);
  if (namedAlias(context, type, node) === undefined) return convertStructure(context, type, place, written);
  const other = convertType(context, type, place, node);
  return context.definitions.isComplete(other) ? resolve(other, context.definitions.types) : other;
}

function isGeneric(declaration: ts.Node | undefined): boolean {
  return (declaration as { typeParameters?: unknown } | undefined)?.typeParameters !== undefined;
}

function nameOfNode(declaration: ts.Node | undefined): ts.Node | undefined {
  return (declaration as { name?: ts.Node } | undefined)?.name ?? declaration;
}

/** A type by its parts, whatever its name is. */
function convertStructure(context: ReadContext, type: ts.Type, place: Place, written: Written): Type {
  const { compiler, checker, problems } = context;
  const { TypeFlags } = compiler;
  const { flags } = type;
  const refuse = (found: string, hint: string): Type => {
    problems.add(place, found, hint);
    return UNREADABLE;
  };
  if (flags & TypeFlags.Any) {
    reportAny(context, place, written);
    return UNREADABLE;
  }
  if (flags & TypeFlags.Unknown) return { kind: "unknown" };
  if (flags & TypeFlags.Never) {
    return refuse("the type is never, which has no values", "write the type of the values, such as string[] for []");
  }
  if (flags & TypeFlags.VoidLike) return { kind: "undefined" };
  if (flags & TypeFlags.Null) return { kind: "null" };
  if (flags & TypeFlags.Boolean) return { kind: "boolean" };
  if (flags & TypeFlags.BooleanLiteral) return { kind: "literal", value: checker.typeToString(type) === "true" };
  if (type.isStringLiteral()) return { kind: "literal", value: type.value };
  if (type.isNumberLiteral()) {
    if (Number.isFinite(type.value)) return { kind: "literal", value: type.value };
    return refuse(`the literal ${type.value} has no JSON form`, "write number");
  }
  if (flags & TypeFlags.BigIntLiteral) {
    const { negative, base10Value } = (type as ts.BigIntLiteralType).value;
    const value = negative ? `-${base10Value}` : base10Value;
    const [least, greatest] = BIGINT_RANGES.any;
    if (BigInt(value) >= least && BigInt(value) <= greatest) return { kind: "bigintLiteral", value };
    return refuse(`the literal ${value}n does not fit 64 bits`, "send it as a string");
  }
  if (flags & TypeFlags.Union) return convertUnion(context, (type as ts.UnionType).types, place, written);
  if (flags & TypeFlags.String) return { kind: "string" };
  if (flags & (TypeFlags.Number | TypeFlags.Enum)) return { kind: "number" };
  if (flags & TypeFlags.BigInt) return { kind: "bigint" };
  if (flags & (TypeFlags.TemplateLiteral | TypeFlags.StringMapping)) return convertTemplates(context, [type], place);
  if (flags & TypeFlags.ESSymbolLike) {
    return refuse("a symbol cannot cross the wire", "use a string, or a union of string literals");
  }
  if (flags & TypeFlags.Intersection) return convertIntersection(context, type as ts.IntersectionType, place, written);
  if (flags & TypeFlags.NonPrimitive) {
    return refuse("object says nothing about its properties", "write an interface, or Record<string, unknown>");
  }
  if (isThis(type)) {
    const own = checker.getBaseConstraintOfType(type);
    if (own !== undefined) return convertType(context, own, inside(place, ""), undefined);
  }
  if (flags & TypeFlags.Instantiable) {
    const text = checker.typeToString(type);
    return refuse(
      `${text} depends on a type parameter that is only known to callers`,
      "write a type without parameters",
    );
  }
  return convertObject(context, type as ts.ObjectType, place, written);
}

/** The polymorphic `this` is a type parameter of a class or interface; the compiler marks it in a field of its own. */
function isThis(type: ts.Type): boolean {
  return (type as { isThisType?: boolean }).isThisType === true;
}
