/**
 * The globals of the runtime that services use most, in few words: a signature that depends on none of them is read
 * without the declarations of Bun and Node, which take the checker a second. When one does, those are loaded.
 * What is `any` here is a reason to load them.
 */
export const RUNTIME_DECLARATIONS = `
declare var process: {
  env: { [name: string]: string | undefined };
  argv: string[]; pid: number; ppid: number; platform: string; arch: string; execPath: string; version: string;
  cwd(): string; uptime(): number; exit(code?: number): never;
  hrtime: { (time?: [number, number]): [number, number]; bigint(): bigint };
  memoryUsage(): { rss: number; heapTotal: number; heapUsed: number; external: number; arrayBuffers: number };
  [other: string]: any;
};
declare var Bun: {
  sleep(time: number | Date): Promise<void>;
  nanoseconds(): number;
  env: { [name: string]: string | undefined };
  argv: string[]; main: string; version: string;
  randomUUIDv7(): string;
  escapeHTML(input: string | object | number | boolean): string;
  [other: string]: any;
};
declare namespace Bun { type BunFile = any; type Server = any; type Subprocess = any; }
declare namespace NodeJS { type Timeout = any; type ProcessEnv = { [name: string]: string | undefined }; }
interface Buffer<TArrayBuffer extends ArrayBufferLike = ArrayBufferLike> extends Uint8Array<TArrayBuffer> {
  toString(encoding?: string, start?: number, end?: number): string;
  equals(other: Uint8Array): boolean;
}
declare var Buffer: {
  from(data: string | ArrayBufferLike | ArrayLike<number>, encoding?: any, length?: any): Buffer<ArrayBuffer>;
  alloc(size: number, fill?: any): Buffer<ArrayBuffer>;
  concat(list: readonly Uint8Array[], totalLength?: number): Buffer<ArrayBuffer>;
  byteLength(text: string, encoding?: string): number;
  isBuffer(value: any): value is Buffer;
  [other: string]: any;
};
type BufferEncoding = string;
declare var require: any;
declare var module: any;
declare var exports: any;
declare var global: typeof globalThis;
declare var __dirname: string;
declare var __filename: string;
declare var HTMLRewriter: any;
declare var Loader: any;
declare function setTimeout(callback: (...args: any[]) => void, delayMs?: number, ...args: any[]): any;
declare function setInterval(callback: (...args: any[]) => void, delayMs?: number, ...args: any[]): any;
declare function setImmediate(callback: (...args: any[]) => void, ...args: any[]): any;
declare function clearImmediate(immediate: any): void;
interface ImportMeta {
  readonly url: string; readonly path: string; readonly dir: string; readonly file: string;
  readonly dirname: string; readonly filename: string; readonly main: boolean;
  readonly env: { [name: string]: string | undefined };
  resolve(specifier: string): string;
}
`;
