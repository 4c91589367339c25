/**
 * Declaration files that exist only for the compiler. Their paths lie in a folder that no disk has.
 */
const FOLDER = "/$cell";
const REMOTE = `${FOLDER}/remote/`;

/** The globals of TypeScript, the web platform and the runtime, as far as they are needed. */
export const LIBRARY_FILE = `${FOLDER}/library.d.ts`;
/** What `import ... from "cell"` means. */
export const SDK_FILE = `${FOLDER}/cell.d.ts`;
/** The folder with the types of Bun and Node. */
export const RUNTIME_TYPES_FOLDER = `${FOLDER}/types`;

/** Whether a path is in the folder that no disk has. */
export function isVirtual(path: string): boolean {
  return path.startsWith(`${FOLDER}/`);
}

/** The file with the declarations of another service. */
export function remoteFile(service: string): string {
  return `${REMOTE}${encodeURIComponent(service)}.d.ts`;
}

/** The service whose declarations a file has. */
export function serviceOfRemoteFile(path: string): string | undefined {
  return path.startsWith(REMOTE) ? decodeURIComponent(path.slice(REMOTE.length, -".d.ts".length)) : undefined;
}

/** A file that says that a module exists and nothing about what is in it. */
export function untypedModuleFile(specifier: string): string {
  return `${FOLDER}/untyped/${encodeURIComponent(specifier)}.d.ts`;
}

/** What stands for an imported file that is no code: a text, an image, a table. */
export function assetFile(specifier: string): string {
  return specifier.endsWith(".txt") ? `${FOLDER}/text.d.ts` : `${FOLDER}/asset.d.ts`;
}

/** The text of an `untypedModuleFile` or `assetFile`; undefined for other paths. */
export function placeholderText(path: string): string | undefined {
  if (path === `${FOLDER}/text.d.ts`) return "declare const text: string; export default text;";
  if (path === `${FOLDER}/asset.d.ts`) return "declare const content: any; export = content;";
  const prefix = `${FOLDER}/untyped/`;
  if (!path.startsWith(prefix)) return undefined;
  return `declare module ${JSON.stringify(decodeURIComponent(path.slice(prefix.length, -".d.ts".length)))};`;
}
