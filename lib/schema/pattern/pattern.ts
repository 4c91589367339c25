import { CellError } from "../../base/mod.ts";
import { Automaton, stateCount } from "./automaton.ts";
import { costOf, lengthWithin } from "./cost.ts";
import { parsePattern, type PatternNode } from "./syntax.ts";

/** Ways that the runtime's engine may try for one string: some milliseconds at worst. */
const WAYS_MAX = 2 ** 20;
/** Characters times states that an automaton may look at for one string: some hundred milliseconds at worst. */
const STEPS_MAX = 2 ** 24;
/** States of one automaton: `{n,m}` is written out, so a short pattern may stand for a large one. */
const STATES_MAX = 4096;

/** A compiled pattern. */
export interface Pattern {
  readonly source: string;
  /** The runtime's engine, for strings of up to `nativeLengthMax`: code that is generated may use it directly. */
  readonly expression: RegExp;
  readonly nativeLengthMax: number;
  /** The longest string that can be tested, in UTF-16 code units; longer ones do not match. */
  readonly lengthMax: number;
  /** Whether the pattern matches anywhere in the text, in a time that is bounded by the text's length. */
  test(text: string): boolean;
}

/**
 * Compiles a regular expression (flag `u`, not anchored). Throws INVALID_ARGUMENT if it is none, or one whose time could
 * not be bounded.
 */
export function compilePattern(source: string): Pattern {
  let expression: RegExp;
  let node: PatternNode;
  try {
    expression = new RegExp(source, "u");
    node = parsePattern(source);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new CellError("INVALID_ARGUMENT", `not a regular expression (flag u): ${why}`, { cause });
  }
  const nativeLengthMax = lengthWithin(costOf(node), WAYS_MAX);
  const base = { source, expression, nativeLengthMax };
  if (nativeLengthMax === Infinity) return { ...base, lengthMax: Infinity, test: (text) => expression.test(text) };
  const states = stateCount(node);
  if (states <= STATES_MAX) {
    let automaton: Automaton | undefined;
    const lengthMax = Math.max(nativeLengthMax, Math.floor(STEPS_MAX / states));
    const test = (text: string): boolean => {
      if (text.length <= nativeLengthMax) return expression.test(text);
      return text.length <= lengthMax && (automaton ??= new Automaton(node)).test(text);
    };
    return { ...base, lengthMax, test };
  }
  if (nativeLengthMax >= 1) {
    const test = (text: string): boolean => text.length <= nativeLengthMax && expression.test(text);
    return { ...base, lengthMax: nativeLengthMax, test };
  }
  const why = states === Infinity
    ? "write it without lookaround and backreferences, or without repeating what repeats or has alternatives"
    : "write it with smaller numbers of repetitions";
  throw new CellError("INVALID_ARGUMENT", `matching /${source}/ could take too long: ${why}`);
}
