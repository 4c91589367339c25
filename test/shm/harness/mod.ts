/**
 * What the tests of shared memory share: a machine whose processes call each other over one transport, what the kernel says
 * about their memory, descriptors and CPU time, and peers that mean harm.
 */
export { untilAtRest } from "./at_rest.ts";
export { AttackedServer } from "./attacked_server.ts";
export { HostileClient } from "./hostile_client.ts";
export { HostileServer, type HostileServerSide, type Script } from "./hostile_server.ts";
export { oddMemfd, Seal } from "./odd_memory.ts";
export { descriptorsOf, sharedBytesOf, sharedDescriptorsOf, sharedMappingsOf, sharedNames } from "./process_memory.ts";
export { cpuMicrosOf, type ProcessTime, timeOf } from "./process_time.ts";
export { Scribble, segmentBytes, type Victim } from "./scribble.ts";
export { ShmMachine } from "./shm_machine.ts";
export { MOVING_TRANSPORTS, type Transport, TRANSPORTS } from "./transports.ts";
