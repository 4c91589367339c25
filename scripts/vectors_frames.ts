/** Writes docs/vectors/frames.json: golden frames of the protocol, for clients in any language. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { framesDocument } from "../lib/rpc/frame_vectors.ts";

const folder = join(import.meta.dir, "../docs/vectors");
mkdirSync(folder, { recursive: true });
writeFileSync(join(folder, "frames.json"), framesDocument());
