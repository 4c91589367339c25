/** The keys of node.toml that say where a node is. */
export type PlaceKey = "region" | "zone";

/**
 * The text of a node.toml with a line that says where the node is: where it stood commented out, else first in [node].
 * Everything else stays as people have written it. `value` needs no escaping. The text as it was where there is no [node].
 */
export function withPlace(text: string, key: PlaceKey, value: string): string {
  const lines = text.split("\n");
  const header = lines.findIndex((line) => /^\s*\[\s*node\s*\]\s*(?:#.*)?$/.test(line));
  if (header === -1) return text;
  const next = lines.findIndex((line, index) => index > header && /^\s*\[/.test(line));
  const end = next === -1 ? lines.length : next;
  const commented = new RegExp(`^\\s*#\\s*${key}\\s*=`);
  const at = lines.findIndex((line, index) => index > header && index < end && commented.test(line));
  lines.splice(at === -1 ? header + 1 : at, at === -1 ? 0 : 1, `${key} = "${value}"`);
  return lines.join("\n");
}
