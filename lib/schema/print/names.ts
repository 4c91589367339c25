/** Words that cannot be the name of a declared function or parameter; ECMA-262 section 12.7.2, in strict code. */
const RESERVED = new Set(
  ("arguments await break case catch class const continue debugger default delete do else enum eval export extends " +
    "false finally for function if implements import in instanceof interface let new null package private protected " +
    "public return static super switch this throw true try typeof undefined var void while with yield").split(" "),
);

/** Names that a declared type must leave alone: TypeScript's own, and those that our declarations use. */
const USED_TYPES = new Set(
  ("any bigint boolean never null number object string symbol undefined unknown void Array AsyncGenerator " +
    "AsyncIterable Date Map Promise Set Uint8Array f32 i8 u8 i16 u16 i32 u32 i64 u64").split(" "),
);

/** Whether a function can be declared under this name. */
export function isReserved(name: string): boolean {
  return RESERVED.has(name);
}

/** An identifier for each name of a type, alike where that is possible, all different. */
export function typeIdentifiers(names: readonly string[]): Map<string, string> {
  return identifiers(names, (name) => RESERVED.has(name) || USED_TYPES.has(name));
}

/** The same for names of parameters. */
export function parameterIdentifiers(names: readonly string[]): string[] {
  const taken = new Map<string, number>();
  return names.map((name) => unique(identifierOf(name, "value"), taken, (candidate) => RESERVED.has(candidate)));
}

function identifiers(names: readonly string[], isForbidden: (name: string) => boolean): Map<string, string> {
  const taken = new Map<string, number>();
  // Names that may stay as they are go first, so that no other one takes their place.
  const rank = (name: string): number => (identifierOf(name, "Type") === name && !isForbidden(name) ? 0 : 1);
  const ordered = [...names].sort((a, b) => rank(a) - rank(b));
  const found = new Map(ordered.map((name) => [name, unique(identifierOf(name, "Type"), taken, isForbidden)]));
  return new Map(names.map((name) => [name, found.get(name)!]));
}

function identifierOf(name: string, fallback: string): string {
  const cleaned = name.replace(/[^\p{ID_Continue}$]+/gu, "_").replace(/^_+(?=[\p{ID_Start}])|_+$/gu, "");
  const kept = /^[\p{ID_Start}_$][\p{ID_Continue}$]*$/u.test(name) ? name : cleaned;
  if (kept === "") return fallback;
  return /^[\p{ID_Start}_$]/u.test(kept) ? kept : `_${kept}`;
}

/** `taken` holds with each name the number with which the search for a free one goes on: names may all be alike. */
function unique(wanted: string, taken: Map<string, number>, isForbidden: (name: string) => boolean): string {
  let name = isForbidden(wanted) ? `${wanted}_` : wanted;
  let count = taken.get(wanted) ?? 2;
  for (; taken.has(name); count++) name = `${wanted}_${count}`;
  taken.set(wanted, count);
  if (!taken.has(name)) taken.set(name, 2);
  return name;
}
