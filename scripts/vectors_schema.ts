/** Writes the golden vectors of docs/schema.md into docs/vectors, for clients in any language. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { goldenVectors } from "../lib/schema/golden_vectors.ts";

const folder = join(import.meta.dir, "../docs/vectors");
mkdirSync(folder, { recursive: true });
for (const [file, text] of Object.entries(goldenVectors())) writeFileSync(join(folder, file), text);
