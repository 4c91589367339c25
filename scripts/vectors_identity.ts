/** Writes docs/vectors/identity.json: keys, certificates, tokens and what is signed, for nodes in any language. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { identityDocument } from "../lib/net/identity/testing/identity_vectors.ts";

const folder = join(import.meta.dir, "../docs/vectors");
mkdirSync(folder, { recursive: true });
writeFileSync(join(folder, "identity.json"), await identityDocument());
