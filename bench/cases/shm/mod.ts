/**
 * The cases about shared memory: the rings alone beside C, then calls beside other frameworks and beside the same calls over
 * a Unix socket. Every case that goes through a service uses what a user has (the compiled executable, a client by
 * name), and fails when its calls took another transport than it is about.
 */
import type { Case } from "../../harness/mod.ts";
import { afterIdle } from "./after_idle.ts";
import { busy } from "./busy.ts";
import { call } from "./call.ts";
import { echo } from "./echo.ts";
import { rate } from "./rate.ts";
import { ring } from "./ring.ts";

export const SHM_CASES: readonly Case[] = [ring, call, rate, afterIdle, echo, busy];
