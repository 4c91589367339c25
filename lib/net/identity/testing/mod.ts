/**
 * Clusters for tests: an authority, two nodes, instances on them; certificates that nobody honest would issue; a disk
 * whose power fails; and the keys that the golden vectors are made with.
 */
export { admit, cluster, FOUNDED_MS, instanceOn } from "./cluster.ts";
export { CLIENT, forge, type Forgery, SERVER } from "./forge.ts";
export { failingFileSystem, PowerFailure } from "./power_failure.ts";
export { HOLDERS, keyOf, VECTOR_TIME_MS, type VectorWorld, vectorWorld } from "./vector_world.ts";
