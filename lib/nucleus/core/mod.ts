/**
 * Decides which processes run: what was asked for and what has happened go in, with the time; what is to be done comes
 * out. No I/O, no clock, no randomness of its own, so thousands of machines that fail in every way run in seconds
 * (fuzz.test.ts, testing/simulation.ts), and a failing one can be run again by its seed.
 *
 * **One instance** is a slot with a number (slot.ts). Numbers are the smallest that are free and outlive processes: hello@2
 * that crashed comes back as hello@2, with its log.
 *
 *     waiting ──spawn──▶ spawning ──pid──▶ starting ──registers──▶ up ⇄ degraded
 *      │  ▲                │                  │ timeout            │ hangs
 *      │  │                │ fails            ▼                    ▼
 *      │  └──back-off──────┴──────exit──── killing ◀───────────────┘
 *      │        │                             ▲
 *      │        └─ 5 quick ──▶ crash-looping  │ timeout
 *      ▼                                      │
 *    (gone) ◀─────────────exit────────── draining ◀── starting, up: no longer wanted
 *
 * **One service** compares its slots with what is wanted, and adds slots or gives them up; nothing else does
 * (`Service.reconcile`). What is wanted: `target` of each active release, and as many of a candidate. The target is
 * `replicas`, less what had nothing to do, never 0 while somebody waits.
 *
 * **What has failed is told apart.** A process that ends, one that never registers, one that hangs, and one that could
 * not be made at all each have their words, kept until the slot is up again. Back-off doubles, with jitter. Five failures in
 * a row, each within a minute of its start, are a crash loop and end the trying: it would cost a core for nothing and bury
 * the reason in the log. A new release or `restart` begins anew; a call does not, or callers would keep the loop going.
 * One try every five minutes remains, for what only lacked something that the machine starts later. A
 * process that could not be made is the machine's trouble and passes by itself: that is tried for ever, at most every 30
 * seconds. Silence is asked before it is punished: a worker whose connection broke answers a ping.
 *
 * **Nothing is taken away before its successor is there.** A candidate comes up in slots of its own; only when all are up,
 * and the time of comparison is over, the driver is asked to record it, and what is recorded decides: a power cut leaves
 * the one release or the other. A rolling restart lets an old process go when one more than is wanted is up. So both cost
 * room for a while: twice the processes for a swap, a quarter more for a restart.
 *
 * **Time that was lost counts for nobody.** An input that comes much later than the time that was asked for means that
 * the agent did not run. It heard nothing meanwhile, so every deadline moves by that time.
 *
 * What holds always, checked after every step of the simulation:
 * - a slot has one process at most, and only `startingMax` of all start at once, and one of each that is waited for;
 * - nothing is started for a stopped or removed service, a release that was given up, or after `drainAll`;
 * - what is drained is one more than is wanted, and what serves and says so is never killed;
 * - where nothing fails, no swap, restart or scaling makes fewer instances answer than are wanted;
 * - who waits hears of an instance or of the reason why there is none, within a bound;
 * - every tick has something to do, and after the last disturbance everything is as it was asked for, within a bound.
 *
 * **Turned down.** A controller per kind of object with a work queue between them, as in Kubernetes: it decouples teams, but
 * the order of two changes is then nobody's, and a state that is half one and half the other has to be understood by
 * both; here one function sees everything that it decides about. Its level-triggered comparison is kept: an event that was
 * missed costs time, never correctness. Erlang's restart intensity (so many restarts of any child in so many seconds end
 * the supervisor, which its own supervisor restarts): one sick service would take its neighbors down, and on one machine
 * nobody stands above. systemd's StartLimitBurst within StartLimitIntervalSec: with back-off the starts spread out until
 * they fit into any fixed interval, and the limit never strikes; a row of quick failures needs no window. Its rule that a
 * unit is up when it says so, not when it was forked, is kept. A fixed threshold for errors of a new release: see
 * error_rate.ts.
 *
 * The driver answers every `spawn` and, by an exit, every `kill`. It performs effects in their order, records `promote` and
 * `abort` durably before it gives the new spec, and tries that again itself when it could not.
 */
export type { Effect, ExitStatus, InstanceId } from "./effect.ts";
export { type CoreOptions, DEFAULTS, START_TIMEOUT_MS } from "./options.ts";
export type { FoundInstance } from "./slots.ts";
export type { ReleaseSpec, ServiceSpec } from "./spec.ts";
export { SupervisorCore } from "./supervisor_core.ts";
export type { InstanceView, LoadReport, ServiceView } from "./view.ts";
