/**
 * The connections of one client of a service, when several instances of it run.
 *
 * **Nobody stands between.** A client lists the instances itself (`Directory`), holds a connection to some of them and
 * gives each call to one. Turned down: a connection that is handed out by the agent, and a balancer process; both would be
 * on the path of every call, or of every call after a crash.
 *
 * **What it costs.** The first call connects to one instance and is as fast as with one instance. A client that goes on
 * calling lists again after `SPREAD_AFTER_MS`, then every `REFRESH_MS`, and at the next call after an instance left; all
 * of that happens beside the calls, and a further instance gets calls only when it has said who it is. A client that does
 * not call does nothing. `CONNECTIONS_MAX` bounds the connections, not the instances: each client draws its own.
 *
 * **Who gets a call.** The better of two random connections (`pick.ts`), among those of one species (`species.ts`): the one
 * that the caller was compiled against, else that of the newest release. A species on which a method does not fit is not
 * tried with it again, and the next best is.
 *
 * **The nearest first.** Within a species only the nearest instances are connected to and get calls: those of this machine,
 * else of its zone, its region, the rest. When none of them is usable, those that come next get the calls at once; when
 * near ones are back, a period later at most, those do. Turned down: weighing distance against load (a call to another
 * region costs a thousand times what one in shared memory does, and who has too few near instances deploys more). What the
 * catalog of the nodes does not list any more is used only as long as nothing else is there: it may have died unheard, and
 * then calls to it would wait for their deadlines. One whose machine answers nobody at the moment (a suspect) is asked whether
 * it lives when calls wait for it, and given up three seconds later; while it answers nothing changes, since a machine that is
 * slow to answer the others is most often well. Turned down: no calls for suspects (a false suspicion would send everybody to
 * another region). Who could not be reached is tried last for a while (`unreachable.ts`), and
 * whoever keeps quiet when it is connected to is not waited for alone (`first_reached.ts`).
 *
 * Invariants: a connection that has heard a goaway is never picked; at most one connection to an instance is made at a
 * time, and whoever needs it meanwhile shares it; nothing is closed that has calls in flight, except by `close`.
 */
export { COARSE_MS, CoarseClock } from "./coarse_clock.ts";
export { PooledConnection } from "./connection.ts";
export { firstReached } from "./first_reached.ts";
export { type Loaded, pickLessLoaded } from "./pick.ts";
export { CONNECTIONS_MAX, Pool, type PoolOptions, REACH_PATIENCE_MS, REFRESH_MS, SPREAD_AFTER_MS } from "./pool.ts";
export { Misfits, type Species, speciesInOrder, type Versioned } from "./species.ts";
