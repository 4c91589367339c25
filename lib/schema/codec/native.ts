/** What the runtime's Buffer offers on any Uint8Array, without making a view for each use. */
interface NativeBytes {
  /** Writes as much of the text as there is room for, and gives how many bytes that are. */
  utf8Write(this: Uint8Array, text: string, offset: number): number;
  /** Only for memory that nobody else writes: it is measured first and converted afterwards. */
  utf8Slice(this: Uint8Array, start: number, end: number): string;
  /** One character for each byte, whatever becomes of the bytes meanwhile. */
  latin1Slice(this: Uint8Array, start: number, end: number): string;
  copy(this: Uint8Array, target: Uint8Array, targetStart: number, start: number, end: number): number;
}

interface BufferGlobal {
  Buffer: { prototype: NativeBytes; byteLength(text: string): number };
}

const { Buffer } = globalThis as unknown as BufferGlobal;

/** How many bytes a string has in UTF-8. */
export const { byteLength } = Buffer;
export const { utf8Write, utf8Slice, latin1Slice, copy } = Buffer.prototype;
