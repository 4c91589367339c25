import { statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { CellError } from "../base/mod.ts";
import { bundleError } from "./bundle_problems.ts";
import { CODE_FILE, isFileName } from "./manifest.ts";
import { inlineSourceMap } from "./source_map.ts";

/** What a file and everything that it imports became. */
export interface Bundle {
  /** By name: the code as `service.js`, and what it imports as files. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** The files that were read, absolute. */
  readonly inputs: readonly string[];
  /** The other services that the code imports, packages from npm included, sorted. */
  readonly services: readonly string[];
}

const SERVICE_PREFIX = "cell:";
/** What the runtime resolves in an instance. */
const EXTERNAL = ["cell", `${SERVICE_PREFIX}*`];
/** The runtime takes a file with this comment as it is, instead of compiling it once more. */
const COMPILED_MARK = "// @bun";
/** What a shell starts a script with. */
const HASHBANG = /^#!.*\n/;
/** How the bundler ends its output: a hash that depends on the machine's paths. */
const DEBUG_ID = /\n\/\/# debugId=[0-9A-F]*\s*$/;

/**
 * A file that is imported as such is a path when the code runs. The bundler writes it behind this text, which becomes
 * `import.meta.dir` afterwards: exactly as long, since the source map counts columns.
 */
const FILE_PREFIX = "cell-package-file";
const FILE_REFERENCE = new RegExp(`(["'\`])${FILE_PREFIX}(?=file-[0-9a-z]+\\.)`, "g");
const FILE_EXPRESSION = "import.meta.dir+$1/";

/** What CommonJS code calls its own folder and file: those of the bundle, instead of paths of the machine that built it. */
const OWN_FOLDER = "__cell_folder";
const OWN_FILE = "__cell_file";
const OWN_PATHS = `var ${OWN_FOLDER}=import.meta.dir,${OWN_FILE}=import.meta.path;`;

/**
 * Bundles a file with everything that it imports, except for "cell" and "cell:*". The same sources give the same bytes,
 * wherever they lie and whoever builds them. Throws INVALID_ARGUMENT with every problem and its place.
 */
export async function bundle(file: string): Promise<Bundle> {
  const workingFolder = process.cwd();
  const built = await Bun.build({
    entrypoints: [file],
    target: "bun",
    format: "esm",
    external: EXTERNAL,
    sourcemap: "external",
    // Comments hold paths, and white space is memory; names stay, for stacks.
    minify: { whitespace: true },
    naming: { asset: "file-[hash].[ext]" },
    publicPath: FILE_PREFIX,
    // Code sees the environment of the instance, not that of the machine that built it.
    env: "disable",
    ...projectSettings(file),
    define: {
      __dirname: OWN_FOLDER,
      __filename: OWN_FILE,
      "process.env.NODE_ENV": "process.env.NODE_ENV",
    },
    metafile: true,
    throw: false,
  });
  if (!built.success) throw bundleError(file, built.logs);
  const inputs = built.metafile?.inputs ?? {};
  refusePages(file, Object.keys(inputs));
  const files = new Map<string, Uint8Array>();
  let code = "";
  let map = "";
  for (const output of built.outputs) {
    if (output.kind === "entry-point") code = await output.text();
    else if (output.kind === "sourcemap") map = await output.text();
    else files.set(fileName(file, output.path), new Uint8Array(await output.arrayBuffer()));
  }
  const services = servicesOf(file, code);
  files.set(CODE_FILE, new TextEncoder().encode(finished(code, map, workingFolder)));
  return { files, inputs: Object.keys(inputs).map((path) => resolve(workingFolder, path)), services };
}

/** The aliases of the project around a file: the runtime of a compiled program takes none from the folder it is started in. */
function projectSettings(file: string): { tsconfig?: string } {
  for (let folder = dirname(file);; folder = dirname(folder)) {
    const tsconfig = join(folder, "tsconfig.json");
    if (statSync(tsconfig, { throwIfNoEntry: false })?.isFile()) return { tsconfig };
    if (folder === dirname(folder)) return {};
  }
}

/** The bundle as it is stored: with its own paths, and with its source map. */
function finished(code: string, map: string, workingFolder: string): string {
  let text = code.replaceAll(FILE_REFERENCE, FILE_EXPRESSION);
  let linesAdded = 0;
  if (text.includes(OWN_FOLDER) || text.includes(OWN_FILE)) {
    text = text.replace(COMPILED_MARK, `${COMPILED_MARK}\n${OWN_PATHS}`);
    linesAdded++;
  }
  if (HASHBANG.test(text)) {
    text = text.replace(HASHBANG, "");
    linesAdded--;
  }
  return text.replace(DEBUG_ID, "\n") + inlineSourceMap(map, { workingFolder, linesAdded });
}

/** The services that the bundle imports. Throws for what it imports beside those and what the runtime has. */
function servicesOf(file: string, code: string): string[] {
  const imports = new Bun.Transpiler({ loader: "js" }).scanImports(code.replace(HASHBANG, "")).map(({ path }) => path);
  const outside = imports.find((path) => path.startsWith(".") || path.startsWith("/"));
  if (outside !== undefined) {
    throw new CellError(
      "INVALID_ARGUMENT",
      `bundling ${file}: the import of "${outside}" cannot be put into a package, so it would not be found where the ` +
        'service runs. Import the file with { type: "file" }, which gives its path, and open it from there.',
    );
  }
  const services = imports.filter((path) => path.startsWith(SERVICE_PREFIX));
  return [...new Set(services.map((path) => path.slice(SERVICE_PREFIX.length)))].sort();
}

/** Importing a page builds it for browsers, with paths that only a server at its place could serve. */
function refusePages(file: string, inputs: readonly string[]): void {
  const page = inputs.find((path) => path.endsWith(".html"));
  if (page === undefined) return;
  throw new CellError(
    "INVALID_ARGUMENT",
    `bundling ${file}: it imports the page ${basename(page)}, which a package cannot hold. Import it as text, ` +
      'with { type: "text" }, or as a file, with { type: "file" }.',
  );
}

function fileName(file: string, outputPath: string): string {
  const name = basename(outputPath);
  if (isFileName(name)) return name;
  throw new CellError(
    "INVALID_ARGUMENT",
    `bundling ${file}: the name of an imported file, which became ${JSON.stringify(name)}, ends in characters that ` +
      "a package cannot hold. Give it an extension of letters and digits.",
  );
}
