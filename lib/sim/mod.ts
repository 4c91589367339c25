/**
 * A world in which cores without I/O are tried: virtual time, seeded chance, machines with clocks of their own, and a
 * network that does what networks do. A core that has run here through thousands of seeds has met more failures than a
 * year in production would show it, and each of them can be had again by its seed.
 *
 * **What it is made of.** `Timeline` holds what is to happen, in order; a step goes to the next of it, so an hour without
 * events costs nothing. `Chance` and `seededRandom` make every choice. `SimulatedMachine` runs one `Program` (a core with
 * a thin driver) by a clock that may be offset and drift; it stalls, crashes and starts again. `SimulatedNetwork` carries
 * datagrams that are lost, late, doubled and overtaken, and requests over streams that are whole or fail; links can be
 * cut in one direction, and groups of machines parted. `forEachSeed` is how a test tries seeds.
 *
 * **What is held up by a stall** decides what is found. A process without a processor fires its overdue timers before it
 * reads what came meanwhile: it is at that moment that a failure detector accuses everybody else. A process whose
 * messages alone are held up is the experiment of the Lifeguard paper; there the timers run on time, and what it would
 * need to hear is late. Both kinds exist.
 *
 * **Invariants.** One seed and the same calls give the same run, to the last packet: nothing here throws dice of its own,
 * and only the choice of fresh seeds asks the time. Events of one moment happen in the order in which they were planned.
 * A machine that is off hears and says nothing, and what was on its way to it is lost. A timer of a program is never early
 * by its own clock.
 *
 * **Turned down.** Faking the timers and sockets of the runtime and running the real drivers: a virtual clock under
 * promises needs every await to be counted, and a run is no longer the same twice. Real processes with traffic control of
 * the kernel: kept for a few tests, but an hour takes an hour, and a failure comes back when it likes. Property tests with
 * shrinking: a shrunken schedule of a thousand machines explains no more than a seed and a trace do; lib/schema, whose
 * inputs are small, uses them.
 */
export { Chance } from "./chance.ts";
export { chooseSeeds, forEachSeed, type SeedEnvironment, type SeedOptions } from "./for_each_seed.ts";
export { type Latency, longTailedLatency, uniformLatency } from "./latency.ts";
export { SimulatedClock, type Skew } from "./simulated_clock.ts";
export { INBOX_MAX, type Program, SimulatedMachine, type StallKind } from "./simulated_machine.ts";
export { type LinkOptions, PERFECT_LINK, SimulatedNetwork, type Traffic } from "./simulated_network.ts";
export { Timeline } from "./timeline.ts";
