/** Writes docs/vectors/agents.json: what node agents are asked, for nodes in any language. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { agentsDocument } from "../lib/nucleus/cluster/testing/agent_vectors.ts";

const folder = join(import.meta.dir, "../docs/vectors");
mkdirSync(folder, { recursive: true });
writeFileSync(join(folder, "agents.json"), await agentsDocument());
