/** Writes docs/vectors/catalog.json: records of instances, and what two nodes say that compare theirs. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { catalogDocument } from "../lib/gossip/testing/vectors/catalog_vectors.ts";

const folder = join(import.meta.dir, "../docs/vectors");
mkdirSync(folder, { recursive: true });
writeFileSync(join(folder, "catalog.json"), await catalogDocument());
