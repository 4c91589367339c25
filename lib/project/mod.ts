/**
 * A person's folder of services: what an editor and a type checker need to know about them, and what the commands make
 * of it.
 *
 * **`.cell/types`** lies at the root of a project (the nearest folder above a file with a tsconfig.json, a package.json
 * or a `.cell/types`):
 *
 *     .cell/types/cell.d.ts           the module "cell"
 *     .cell/types/NAME.d.ts           the module "cell:NAME" as it was when somebody last looked
 *     .cell/types/NAME.schema.json    the schema that the declaration was made from
 *     .cell/types/node_modules/       types of the runtime (console, Bun, node:*), where the project has none of its own
 *
 * They are plain files with ambient modules because that is what every editor reads without a plugin. A language-service
 * plugin was turned down (it must be installed), and so was one generated file for everything (two checks at once would
 * overwrite each other's services). They may be committed: `cell check --offline` needs nothing else.
 *
 * **A check is two checks.** The reader finds what cannot cross the wire; the type checker that is embedded in the binary
 * finds everything else, calls of other services included, since their declarations are written from the live schemas
 * just before. It runs as a child process on a configuration that is made for the occasion and extends the user's own:
 * the options are what the user's editor uses, the files are those that were asked for.
 *
 * Invariants: nothing a user wrote is ever overwritten; a file whose content would not change is not touched, so that
 * editors do not check again for nothing.
 */
export { checkFiles, type CheckOptions, type CheckReport } from "./check.ts";
export { type CreatedService, createService } from "./create.ts";
export { schemaOf, type SchemaSource } from "./reference.ts";
export { type Problem } from "./problem.ts";
