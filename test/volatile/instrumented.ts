import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Told of every look at a message, before it happens. */
export interface Watcher {
  /** One byte is read. */
  onRead(bytes: Uint8Array, index: number): void;
  /** A function of the runtime gets a range. */
  onRange(bytes: Uint8Array, start: number, end: number): void;
  /** A function of the runtime that measures first and converts afterwards gets bytes, which must not be a message's. */
  onText(bytes: Uint8Array): void;
}

/** The part of Buffer that is watched. */
interface NativeText {
  utf8Slice(this: Uint8Array, start: number, end: number): string;
}

/** `bytes[...]`, also in the text of code that is generated, where it is not written to. */
const READ = /((?:\w+\.)?\bbytes|\bB)\[([^\[\]]+)\](?!\s*=[^=])/g;
/** What the runtime is given: a function of Buffer, or a view. */
const RANGE = /\b(latin1Slice|utf8Slice|copy)\.call\((bytes|cursor\.bytes), /g;
const VIEW = /\b((?:\w+\.)?bytes|chunk)\.subarray\(/g;
const BUFFER = /\bBuffer\.prototype\b/g;
const DECODER = /\bnew TextDecoder\b/g;

/**
 * Loads the module at `path` with all that it imports, rewritten so that `watcher` stands in front of every look at a
 * message. It shares nothing with the same modules as they are.
 */
export async function importWatched<Module>(path: string, watcher: Watcher): Promise<Module> {
  const looks = { read: 0, range: 0, text: 0 };
  const name = `watcher${Math.random().toString(36).slice(2)}`;
  const { outputs } = await Bun.build({
    entrypoints: [path],
    target: "bun",
    plugins: [{
      name: "watch",
      setup(build) {
        build.onLoad({ filter: /\/lib\/(schema\/codec|wire|rpc)\/[a-z0-9_]+\.ts$/ }, async ({ path }) => {
          const source = await Bun.file(path).text();
          const contents = source
            .replace(READ, (_, bytes, index) => (looks.read++, `globalThis.${name}.read(${bytes}, ${index})`))
            .replace(RANGE, (_, fn, bytes) => (looks.range++, `globalThis.${name}.call(${fn}, ${bytes}, `))
            .replace(VIEW, (_, bytes) => (looks.range++, `globalThis.${name}.view(${bytes}, `))
            .replace(BUFFER, () => (looks.text++, `globalThis.${name}.bufferPrototype`))
            .replace(DECODER, () => (looks.text++, `new globalThis.${name}.TextDecoder`));
          return { contents, loader: "ts" };
        });
      },
    }],
  });
  if (looks.read < 50 || looks.range < 5 || looks.text < 3) {
    throw new Error(`only ${JSON.stringify(looks)} looks at messages were found`);
  }
  (globalThis as { [name: string]: unknown })[name] = {
    read(bytes: Uint8Array, index: number): number | undefined {
      watcher.onRead(bytes, index);
      return bytes[index];
    },
    call(fn: (...args: unknown[]) => unknown, bytes: Uint8Array, ...args: unknown[]): unknown {
      const [start, end] = args.slice(-2) as [number, number];
      watcher.onRange(bytes, start, end);
      return fn.call(bytes, ...args);
    },
    view(bytes: Uint8Array, start: number, end: number): Uint8Array {
      watcher.onRange(bytes, start, end);
      return bytes.subarray(start, end);
    },
    bufferPrototype: {
      ...(Buffer.prototype as unknown as NativeText),
      utf8Slice(this: Uint8Array, start: number, end: number): string {
        watcher.onText(this);
        return (Buffer.prototype as unknown as NativeText).utf8Slice.call(this, start, end);
      },
    },
    TextDecoder: class extends TextDecoder {
      override decode(bytes: Uint8Array<ArrayBuffer>): string {
        watcher.onText(bytes);
        return super.decode(bytes);
      }
    },
  };
  const folder = mkdtempSync(join(tmpdir(), "cell-watched-"));
  try {
    const file = join(folder, "watched.js");
    writeFileSync(file, await outputs[0]!.text());
    return await import(file) as Module;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
