/**
 * Regular expressions that nobody can hang a process with.
 *
 * A type's `@pattern` is tested against strings that callers choose, and the pattern of a schema from outside is chosen
 * by someone else too. The runtime's engine backtracks: `^(a+)+$` takes twice as long for every further character. Three
 * ways out were weighed. A time limit does not exist for `RegExp`. Refusing every pattern that looks suspicious refuses
 * host names and e-mail addresses. Matching everything with an automaton is safe, but an order of magnitude slower.
 *
 * So each pattern is read (`syntax.ts`), and how many ways the engine may have to try is bounded by counting its choices
 * (`cost.ts`): each alternative multiplies them, each repetition by how often it may repeat. As long as a string is
 * short enough for the product to be small, the engine is used; beyond that an automaton that looks at every character
 * once (`automaton.ts`; Thompson 1968). Lookaround and backreferences have no automaton: such patterns are refused where
 * they could be exponential, and limit how long a string may be where they are not.
 */
export { compilePattern, type Pattern } from "./pattern.ts";
export { samplePattern } from "./sample.ts";
