import { dirname, relative, resolve, sep } from "node:path";

/** What matters of a source map (ECMA-426). */
interface SourceMap {
  sources: string[];
  mappings: string;
}

/** How a bundle's source map is attached to it. */
export interface MapOptions {
  /** What the paths in the map are relative to: the folder that the bundler ran in. */
  workingFolder: string;
  /** How many lines were put in front of the bundle since the map was made; less than 0 when some were taken away. */
  linesAdded: number;
}

/**
 * The comment that tells the runtime which place of the source a place of the bundle comes from. Paths are made relative
 * to the folder that all sources share, so that the map is the same wherever they lie, and the sources' text is left out:
 * a stack has positions only, and the whole comment is in the memory of every instance.
 */
export function inlineSourceMap(text: string, { workingFolder, linesAdded }: MapOptions): string {
  const { sources, mappings } = JSON.parse(text) as SourceMap;
  const paths = sources.map((source) => resolve(workingFolder, source));
  const folder = commonFolder(paths);
  const map = {
    version: 3,
    sources: paths.map((path) => relative(folder, path)),
    // The runtime refuses a map without them.
    sourcesContent: paths.map(() => null),
    names: [],
    mappings: linesAdded < 0 ? mappings.slice(-linesAdded) : ";".repeat(linesAdded) + mappings,
  };
  const encoded = Buffer.from(JSON.stringify(map)).toString("base64");
  return `//# sourceMappingURL=data:application/json;base64,${encoded}\n`;
}

/** The innermost folder that all files are in. */
function commonFolder(paths: readonly string[]): string {
  const [first, ...rest] = paths.map((path) => dirname(path).split(sep));
  let shared = first ?? [];
  for (const parts of rest) {
    const difference = shared.findIndex((part, index) => part !== parts[index]);
    if (difference !== -1) shared = shared.slice(0, difference);
  }
  return shared.join(sep) || sep;
}
