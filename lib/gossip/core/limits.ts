import { MINUTE } from "../../base/mod.ts";

/** The longest record of a member, in bytes: with its frame it fits into a packet of any path (1280 bytes of IPv6). */
export const RECORD_BYTES_MAX = 1_024;
/** The longest user broadcast, in bytes. It travels with pings, whose own part is short. */
export const BROADCAST_BYTES_MAX = 900;
/** The longest address, in bytes of printable ASCII. */
export const ADDRESS_BYTES_MAX = 64;
/** The largest packet that is read, in bytes: as UDP carries them. */
export const PACKET_BYTES_MAX = 65_507;
/** A packet with more messages was not made by a correct peer: each has 3 bytes at least, and the useful ones many more. */
export const PACKET_MESSAGES_MAX = 512;
/** Members that are kept at most, this node not counted. Gossip among more wants to be split into zones. */
export const MEMBERS_MAX = 10_000;
/** Rumours about members that wait to be told. There is one for each member at most. */
export const RUMOURS_MAX = MEMBERS_MAX + 1;
/** User broadcasts that wait to be told; when it is full the one told most often gives way. */
export const BROADCASTS_MAX = 4_096;
/** Probes that this node makes for others at a time. */
export const RELAYS_MAX = 256;
/**
 * So many of the nodes that are told that a member is gone ask it, one with the other: it contradicts within a round trip, and
 * one that has gone is not asked by thousands. All do where there are no more.
 */
export const GONE_ASKERS = 8;
/** Accusations that a merge tells the accused directly; the others hear them by gossip. */
export const ACCUSATIONS_PER_MERGE_MAX = 64;
/**
 * Records in one state that are refused before the rest of it is passed over: each may cost the check of a signature, and a
 * state has room for 10,000 of them. An honest node has few that are not taken, or its clock or this one's is wrong.
 */
export const REFUSALS_PER_MERGE_MAX = 64;
/** The largest incarnation there is: what a number of JavaScript counts exactly. */
export const INCARNATION_MAX = Number.MAX_SAFE_INTEGER;
/** How far above its own incarnation a node believes an accusation that comes without its signed record. */
export const INCARNATION_JUMP_MAX = 1_000;
/** An address that changes and changes back within this time belongs to two processes. */
export const CONFLICT_WINDOW_MS = 1 * MINUTE;
/**
 * As many records of its own that a node did not make, each newer than the one before, within FOREIGN_WINDOW_MS: they are not
 * a former life's, somebody makes them now. Others talk to one of two doubles only, so those hear of each other seldom.
 */
export const FOREIGN_RECORDS_MAX = 3;
export const FOREIGN_WINDOW_MS = 10 * MINUTE;
/** So many addresses are asked at a time when nothing is known yet. */
export const CONTACTS_MAX = 16;
