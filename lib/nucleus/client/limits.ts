/** No service has more instances than this on one node: each is a process. */
export const INSTANCES_MAX = 1000;
