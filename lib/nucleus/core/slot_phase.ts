/**
 * What a slot is doing.
 *
 *     waiting ──spawn──▶ spawning ──pid──▶ starting ──registers──▶ up
 *      │  ▲                │                  │ timeout            │ hangs
 *      │  │                │ fails            ▼                    ▼
 *      │  └──back-off──────┴──────exit──── killing ◀───────────────┘
 *      │        │                             ▲
 *      │◀─5 min─┴─ 5 quick ──▶ crash-looping  │ timeout
 *      ▼                                      │
 *    (gone) ◀─────────────exit────────── draining ◀── starting, up: no longer wanted
 *
 * A process may exit in any phase that has one. "spawning" cannot be drained: that follows as soon as there is a pid. A
 * slot without a process that is no longer wanted is gone at once.
 */
export type SlotPhase = "waiting" | "spawning" | "starting" | "up" | "draining" | "killing" | "crash-looping";
