/**
 * Typed values as people and shells write them: JSON both ways, and the command line's `key=value` arguments.
 *
 * JSON has fewer kinds of values than a schema. Guessing from the text (a string that looks like a date is a date) was
 * turned down: the same text would mean different things to different services. Tagging (`{"$date": ...}`) was turned
 * down too: nobody wants to type or read it. The schema knows which kind is meant at every place, so it decides:
 *
 * | schema | written as JSON | also read |
 * |---|---|---|
 * | number | number; "NaN", "Infinity", "-Infinity" as strings | |
 * | bigint | string of decimal digits, so that no reader rounds it | any JSON integer, exactly |
 * | Date | string, ISO 8601 in UTC | any ISO 8601 date or time; epoch milliseconds |
 * | Uint8Array | string, base64 | base64url |
 * | Set, tuple, array | array | |
 * | Map with string keys, object, Record | object | array of [key, value] |
 * | Map with other keys | array of [key, value] | object with the keys as text |
 * | undefined | an absent property; null elsewhere | null |
 *
 * Reading converts and leaves checking to the codec, which sees every value anyway: one place words the errors. Only what
 * cannot be converted is refused here, with a path in the same form (`args[0].at: expected ..., found ...`).
 *
 * Invariants: reading what was written gives an equal value, except in `unknown` and in unions that take text beside
 * something that is written as text, where text stays text. No value becomes a prototype: `__proto__` is a key like any other.
 */
export { type CommandArguments, readArguments } from "./arguments.ts";
export { exampleWords } from "./example.ts";
export { fromJson, type FromJsonOptions } from "./from_json.ts";
export { type AssignableName, assignableNames } from "./names.ts";
export { argumentsFromJson, FROM_PROGRAM } from "./json_arguments.ts";
export { parseJson } from "./parse_json.ts";
export { toJson } from "./to_json.ts";
