import type { Schema } from "../../schema/mod.ts";
import document from "./schema.json" with { type: "json" };

/** The agent's name among services: nobody else may take it. */
export const NUCLEUS = "nucleus";

/** What the agent and its clients are compiled against; `make vectors` writes it from api.ts. */
export const NUCLEUS_SCHEMA = document as unknown as Schema;
