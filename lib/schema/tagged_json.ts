/**
 * Values that JSON does not have, as JSON: what the golden vectors in `docs/vectors` are written in. An object with one
 * key that begins with `$` is such a value, any other object is itself.
 */
export function toTaggedJson(value: unknown): unknown {
  switch (typeof value) {
    case "undefined":
      return { $undefined: true };
    case "bigint":
      return { $bigint: String(value) };
    case "number":
      return Number.isFinite(value) && !Object.is(value, -0)
        ? value
        : { $number: Object.is(value, -0) ? "-0" : String(value) };
    case "object":
      return value === null ? null : fromObject(value);
    default:
      return value;
  }
}

function fromObject(value: object): unknown {
  if (Array.isArray(value)) return value.map(toTaggedJson);
  if (value instanceof Date) return { $date: value.getTime() };
  if (value instanceof Uint8Array) return { $bytes: value.toHex() };
  if (value instanceof Set) return { $set: [...value].map(toTaggedJson) };
  if (value instanceof Map) return { $map: [...value].map((entry) => entry.map(toTaggedJson)) };
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, toTaggedJson(entry)]));
}

/** The value that tagged JSON stands for. */
export function fromTaggedJson(json: unknown): unknown {
  if (typeof json !== "object" || json === null) return json;
  if (Array.isArray(json)) return json.map(fromTaggedJson);
  const entries = Object.entries(json);
  const [tag, content] = entries.length === 1 ? entries[0]! : ["", undefined];
  switch (tag) {
    case "$undefined":
      return undefined;
    case "$bigint":
      return BigInt(content as string);
    case "$number":
      return Number(content);
    case "$date":
      return new Date(content as number);
    case "$bytes":
      return Uint8Array.fromHex(content as string);
    case "$set":
      return new Set((content as unknown[]).map(fromTaggedJson));
    case "$map":
      return new Map(
        (content as [unknown, unknown][]).map(([key, entry]) => [fromTaggedJson(key), fromTaggedJson(entry)]),
      );
    default:
      return Object.fromEntries(entries.map(([key, entry]) => [key, fromTaggedJson(entry)]));
  }
}
