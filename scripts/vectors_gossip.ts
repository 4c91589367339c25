/** Writes docs/vectors/gossip.json: datagrams, packets, records and exchanges between nodes, for nodes in any language. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gossipDocument } from "../lib/gossip/testing/vectors/gossip_vectors.ts";

const folder = join(import.meta.dir, "../docs/vectors");
mkdirSync(folder, { recursive: true });
writeFileSync(join(folder, "gossip.json"), await gossipDocument());
