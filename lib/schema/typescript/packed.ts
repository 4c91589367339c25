/** The inverse of `packed` in embed.ts: text that takes a tenth of its size in the executable. */
export function unpacked(text: string): unknown {
  return JSON.parse(new TextDecoder().decode(Bun.zstdDecompressSync(Buffer.from(text, "base64"))));
}
