/**
 * What the tests of the agent share: a machine on which an agent runs, calls that go on while something happens, and what
 * the kernel says about processes.
 */
export { Load, type LoadOptions } from "./load.ts";
export { NodeMachine } from "./node_machine.ts";
export { childrenOf, factsOf, HAS_PROC, isAlive, openFile, privateBytesOf, zombiesOf } from "./process_facts.ts";
export { SEED } from "./seed.ts";
