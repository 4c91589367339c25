/** Writes docs/vectors/introductions.json: what both sides of a connection between machines say before calls. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { introductionsDocument } from "../lib/net/quic/testing/introduction_vectors.ts";

const folder = join(import.meta.dir, "../docs/vectors");
mkdirSync(folder, { recursive: true });
writeFileSync(join(folder, "introductions.json"), await introductionsDocument());
