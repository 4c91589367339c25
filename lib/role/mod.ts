/**
 * Roles: what a node does beside running services. The agent is one; discovery, coordinates, scaling, consensus and the
 * gateway are to be others. On a small board all of them live in one process, on a large one each has its own, and the
 * code of a role is the same: it is given a place to log and a name that it holds, and gives back the object that answers
 * its calls.
 *
 * A role is a service with a schema. That is all the interface that others see, so `cell call nucleus status` works
 * without a line of code, and so does a client in any language. A protocol of its own per role was turned down, and so
 * were signals and pid files as the way to talk to one.
 *
 * **One per home.** A role's name is a lock like any service's: the kernel grants it to one process and takes it back from
 * one that dies. So there is no election on one machine and no stale state to clean up.
 *
 * **Order.** The name is taken before `start`, so that what a role finds in the home is its own; calls arrive after it. At
 * the end `stop` comes first, while calls are still answered (somebody waits for the end and wants to hear of it), then
 * the service drains and the name is given up: a successor finds nothing half done.
 */
export { type HostedRole, type HostOptions, hostRole, roleHandlers } from "./host_role.ts";
export { type Role, type RoleHost } from "./role.ts";
