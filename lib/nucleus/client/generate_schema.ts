import { readFileSync } from "node:fs";
import { join } from "node:path";
import { assert } from "../../base/mod.ts";
import { type Schema } from "../../schema/mod.ts";
import { readService } from "../../schema/typescript/mod.ts";

/** What is written into a schema beside the types: a second execution of these changes nothing. */
const IDEMPOTENT = [
  ...["activate", "health", "heartbeat", "instances", "register", "scale", "status", "stop"],
  ...["cluster", "discover", "leave", "lookup", "members", "removeMember", "revokeToken", "services"],
  ...["speciesSchema", "tokens"],
];

/** Where the methods are declared. */
const INTERFACES = { "api.ts": "AgentApi", "cluster_api.ts": "ClusterApi" };

/** The schema of the agent, as text of `schema.json`: the types of its API with the comments of its methods. */
export async function generateSchema(): Promise<string> {
  const { schema } = await readService(join(import.meta.dir, "surface.ts"), {
    name: "nucleus",
    remoteDeclarations: () => undefined,
  });
  addComments(schema);
  for (const name of IDEMPOTENT) schema.methods[name]!.idempotent = true;
  return `${JSON.stringify(schema, null, 2)}\n`;
}

/** A destructured export has no comment of its own. */
function addComments(schema: Schema): void {
  const members = Object.entries(INTERFACES).map(([file, name]) => {
    const text = readFileSync(join(import.meta.dir, file), "utf8");
    return text.slice(text.indexOf(`export interface ${name} {`));
  }).join("\n");
  const found = members.matchAll(/^ {2}(?:\/\*\*((?:[^*]|\*(?!\/))*)\*\/\s+)?(\w+)\(/gm);
  const names = new Set<string>();
  for (const [, comment, name = ""] of found) {
    names.add(name);
    const method = schema.methods[name];
    assert(method !== undefined, `surface.ts exports ${name} of NucleusApi`);
    const doc = comment?.replace(/^[ \t]*\*? ?/gm, "").trim();
    if (doc !== undefined && doc !== "") method.doc = doc;
  }
  for (const name of Object.keys(schema.methods)) assert(names.has(name), `${name} is a method of NucleusApi`);
}
