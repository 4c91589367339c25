import { ByteReader, ByteWriter, ifWellFormed } from "../base/mod.ts";
import type { ClusterKey } from "./seal/mod.ts";

const Kind = { CATALOG: 1, REVOCATION: 2, KEY: 3 } as const;

/** What nodes tell everybody. */
export type BroadcastPayload =
  | { readonly kind: "catalog"; readonly record: Uint8Array }
  | { readonly kind: "revocation"; readonly bytes: Uint8Array }
  /** That there is a key, by its id and time; never the key. */
  | { readonly kind: "key"; readonly id: number; readonly createdAtMs: number };

/** A record of the catalogue. */
export function catalogPayload(record: Uint8Array): Uint8Array {
  return new ByteWriter(record.length + 1).uint8(Kind.CATALOG).raw(record).finish();
}

/** A revocation, as the authority signed it. */
export function revocationPayload(bytes: Uint8Array): Uint8Array {
  return new ByteWriter(bytes.length + 1).uint8(Kind.REVOCATION).raw(bytes).finish();
}

/** That there is a new key. */
export function keyPayload({ id, createdAtMs }: ClusterKey): Uint8Array {
  return new ByteWriter(16).uint8(Kind.KEY).uint32(id).uint48(createdAtMs).finish();
}

/** Reads a broadcast; undefined for what no node of ours tells. */
export function readPayload(payload: Uint8Array): BroadcastPayload | undefined {
  return ifWellFormed(() => {
    const reader = new ByteReader(payload);
    const kind = reader.uint8("the kind");
    if (kind === Kind.CATALOG) return { kind: "catalog", record: reader.rest() };
    if (kind === Kind.REVOCATION) return { kind: "revocation", bytes: reader.rest() };
    if (kind !== Kind.KEY) return undefined;
    const key = { kind: "key", id: reader.uint32("a key's id"), createdAtMs: reader.uint48("a key's time") } as const;
    reader.finish("a key");
    return key;
  });
}
