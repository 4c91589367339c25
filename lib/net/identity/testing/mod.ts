/**
 * Clusters for tests: an authority, two nodes, instances on them; certificates that nobody honest would issue; and a disk
 * whose power fails.
 */
export { admit, cluster, FOUNDED_MS, instanceOn } from "./cluster.ts";
export { CLIENT, forge, type Forgery, SERVER } from "./forge.ts";
export { failingFileSystem, PowerFailure } from "./power_failure.ts";
