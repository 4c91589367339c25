import type { Program } from "./program.ts";

/**
 * Code that writes something at `p` into `b` and moves `p`. With `bytesMax` it relies on that much room; without, it makes
 * room itself, and `b` is the writer's buffer again when it is done. `fixed` are bytes that are always the same.
 */
export type Piece =
  | { code: string; bytesMax: number; fixed?: undefined }
  | { code: string; bytesMax: undefined; fixed?: undefined }
  | { fixed: readonly number[] };

/** The piece that writes nil. */
export const NIL: Piece = { fixed: [0xc0] };

/** Longer runs of known bytes are copied; up to here storing them one by one is faster. */
const STORED_BYTES_MAX = 64;

/** Code that makes room for what follows. */
function room(bytesMax: number): string {
  return `if (p + ${bytesMax} > b.length) b = grow(w, p, ${bytesMax});\n`;
}

/** Code for pieces one after the other: known bytes are joined, and room is made once for all that need no more than it. */
export function sequence(program: Program, pieces: readonly Piece[]): string {
  let code = "";
  let straight: Piece[] = [];
  const flush = (): void => {
    const joined = join(program, straight);
    if (joined.bytesMax > 0) code += room(joined.bytesMax);
    code += joined.code;
    straight = [];
  };
  for (const piece of pieces) {
    if (piece.fixed === undefined && piece.bytesMax === undefined) {
      flush();
      code += piece.code;
    } else straight.push(piece);
  }
  flush();
  return code;
}

/** Pieces as one, which relies on room if all of them do. */
export function combine(program: Program, pieces: readonly Piece[]): Piece {
  const isStraight = pieces.every((piece) => piece.fixed !== undefined || piece.bytesMax !== undefined);
  return isStraight ? join(program, pieces) : { code: sequence(program, pieces), bytesMax: undefined };
}

/** One of two pieces; it relies on room if both do. */
export function choice(program: Program, condition: string, yes: Piece, no: Piece): Piece {
  const [first, second] = [combine(program, [yes]), combine(program, [no])];
  if (first.fixed === undefined && second.fixed === undefined) {
    if (first.bytesMax !== undefined && second.bytesMax !== undefined) {
      const bytesMax = Math.max(first.bytesMax, second.bytesMax);
      return { code: `if (${condition}) {\n${first.code}} else {\n${second.code}}\n`, bytesMax };
    }
  }
  const code = `if (${condition}) {\n${sequence(program, [yes])}} else {\n${sequence(program, [no])}}\n`;
  return { code, bytesMax: undefined };
}

function join(program: Program, pieces: readonly Piece[]): { code: string; bytesMax: number } {
  let code = "";
  let bytesMax = 0;
  let fixed: number[] = [];
  const flush = (): void => {
    code += store(program, fixed);
    bytesMax += fixed.length;
    fixed = [];
  };
  for (const piece of pieces) {
    if (piece.fixed !== undefined) {
      fixed.push(...piece.fixed);
      continue;
    }
    flush();
    code += piece.code;
    bytesMax += piece.bytesMax ?? 0;
  }
  flush();
  return { code, bytesMax };
}

function store(program: Program, bytes: readonly number[]): string {
  if (bytes.length === 0) return "";
  if (bytes.length === 1) return `b[p++] = ${bytes[0]};\n`;
  if (bytes.length > STORED_BYTES_MAX) {
    const constant = program.constant(`bytes ${bytes.join()}`, () => Uint8Array.from(bytes));
    return `b.set(${constant}, p);\np += ${bytes.length};\n`;
  }
  const stores = bytes.map((byte, index) => `b[p${index === 0 ? "" : ` + ${index}`}] = ${byte};`);
  return `${stores.join(" ")}\np += ${bytes.length};\n`;
}
