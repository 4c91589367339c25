/** Writes the schema of the node agent, which its clients are compiled against. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { generateSchema } from "../lib/nucleus/client/generate_schema.ts";

writeFileSync(join(import.meta.dir, "../lib/nucleus/client/schema.json"), await generateSchema());
