/** Calls between machines: what they cost beside what the network and the runtime's QUIC cost. Needs no compiled executable. */
import type { Case } from "../../harness/mod.ts";
import { call } from "./call.ts";
import { handshake } from "./handshake.ts";
import { items, rate } from "./rate.ts";

export const QUIC_CASES: readonly Case[] = [call, rate, items, handshake];
