import { readFileSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { isServiceName } from "./names.ts";

/** A service with more files of its own than this has the rest looked at by the compiler only. */
const FILES_MAX = 500;

const SPECIFIERS = /(?:\bfrom|\bimport)\s*\(?\s*["']([^"'\n]+)["']/g;
const EXTENSIONS = ["", ".ts", ".tsx", ".mts", ".js", "/index.ts"];

/** What a file and the files that it imports by relative paths import from us. */
export interface OurImports {
  /** The names of all `cell:NAME`, types included. */
  readonly services: ReadonlySet<string>;
  /** Whether the file itself imports "cell" or "cell:NAME". */
  readonly isDirect: boolean;
  /** The file itself and those that were looked at. */
  readonly files: ReadonlySet<string>;
}

/**
 * Which services a file refers to, found by looking at the text: this is done at every start, where the compiler is not
 * loaded. A mention in a comment is found too and does no harm.
 */
export function ourImports(entry: string): OurImports {
  const services = new Set<string>();
  const files = new Set([entry]);
  let isDirect = false;
  for (const file of files) {
    for (const specifier of specifiersOf(file)) {
      if (specifier === "cell" || specifier.startsWith("cell:")) {
        if (file === entry) isDirect = true;
        const service = specifier.slice("cell:".length);
        if (isServiceName(service)) services.add(service);
      } else if (specifier.startsWith(".") && files.size < FILES_MAX) {
        const imported = existing(resolve(dirname(file), specifier));
        if (imported !== undefined) files.add(imported);
      }
    }
  }
  return { services, isDirect, files };
}

function specifiersOf(file: string): string[] {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    return [];
  }
  return [...text.matchAll(SPECIFIERS)].map((match) => match[1]!);
}

function existing(path: string): string | undefined {
  const paths = EXTENSIONS.map((extension) => path + extension);
  return paths.find((candidate) => statSync(candidate, { throwIfNoEntry: false })?.isFile());
}
