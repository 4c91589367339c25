import { sdkDeclarations } from "./embed.ts" with { type: "macro" };

/** The text of sdk/cell.d.ts: what `import ... from "cell"` means to a type checker. */
export function sdkDeclaration(): string {
  return sdkDeclarations();
}
