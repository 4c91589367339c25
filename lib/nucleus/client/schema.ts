import type { Schema } from "../../schema/mod.ts";
import document from "./schema.json" with { type: "json" };

/** What the agent and its clients are compiled against; `make vectors` writes it from api.ts. */
export const NUCLEUS_SCHEMA = document as unknown as Schema;
