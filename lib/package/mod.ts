/**
 * From source files to a package that runs anywhere, and back.
 *
 * **Why a package.** What runs must not change because somebody edits the source, a board that runs it must not need the
 * compiler, and code that comes from another machine must be checkable. A package is a folder `packages/SHA256/` with the
 * bundled code (`service.js`), its schema (`schema.json`), the files that it imports as files, and `manifest.json`, which
 * names the service and the hash of every other file. The package's name is the hash of its manifest, so one hash vouches
 * for all of it: `sha256sum manifest.json` prints the folder's name.
 *
 * **Turned down.** Copying the source files: resolution would depend on folders around them, and the compiler would be
 * needed where they run. An archive: it would have to be unpacked somewhere before the runtime can load it. One hash over
 * all bytes: it would not say which file was damaged. Version numbers as names: two builds could claim the same one.
 *
 * **The same sources give the same package**, on any path and in any order of builds: comments, source texts, the
 * machine's paths and its environment are kept out (`bundle.ts`), tables are sorted (`manifest.ts`). So a deployment that
 * changes nothing is seen to change nothing.
 *
 * **All or nothing.** A package is written into a folder with another name, made durable, and renamed (`package_draft.ts`);
 * a crash leaves a folder that `prunePackages` removes. Names never get other content, so readers need no lock, and who
 * is second finds that the work is done. Schema and code belong together although the source may be edited while it is
 * read: the schema is read before and after the code, until both are the same (`build_package.ts`).
 *
 * **What a package cannot do.** Everything that is imported by name is in it: npm packages, JSON, TOML and YAML, texts,
 * files as paths, WebAssembly, native addons (for the platform that they were built for), `import()` of a constant. "cell"
 * and "cell:NAME" stay imports. What a file finds by its own place is not: `import.meta.dir`, `import.meta.url`,
 * `__dirname` are the package's folder, and an `import()` of a computed path finds nothing. `pathWarnings` looks for both in the
 * user's files; in npm packages nobody can tell whether it matters. Pages (`import page from "./page.html"`) and
 * databases as modules are refused. Stacks show the source's files and lines, relative to the package's folder.
 *
 * **Between machines** a package travels as a stream of its files (`archive.ts`). The manifest comes first: once its hash is
 * the package's name, every byte that follows is known to be right or is refused, and is on the disk before the next comes.
 *
 * `cell.toml` (`service_config.ts`) and `--env`, `--env-file` (`environment.ts`) are read here because every value in them
 * can be wrong, and the answer has to say where.
 */
export { readArchive, storeArchive } from "./archive.ts";
export { type BuildOptions, buildPackage, type BuiltPackage } from "./build_package.ts";
export { checkEnvironment, parseEnvironment } from "./environment.ts";
export { type PackageManifest } from "./manifest.ts";
export { openPackage, type Package, packageSchema } from "./open_package.ts";
export { prunePackages } from "./prune_packages.ts";
export { readServiceConfig, type ServiceConfig } from "./service_config.ts";
export { configOf } from "./source_entry.ts";
