/** The replicated catalogue of instances. */
export { Catalog, type CatalogSetup, type Item, MERGE_NEWS_MAX } from "./catalog.ts";
export {
  type CatalogEntry,
  type Health,
  HEALTHS,
  INSTANCE_LENGTH_MAX,
  LOAD_MAX,
  type NodeId,
  type OwnEntry,
  SERVICE_LENGTH_MAX,
} from "./entry.ts";
export { type CatalogOptions, DEFAULTS } from "./options.ts";
export { CORRECTIONS_MAX, CORRECTIONS_WINDOW_MS } from "./publisher.ts";
export { ITEM_BYTES_MAX, RECORD_BYTES_MAX, SIGNATURE_BYTES, type Signer, type Verifier } from "./record.ts";
export { DIGEST_OWNERS_MAX, hasMore, SYNC_BYTES_MAX } from "./sync_message.ts";
export { type CatalogReport, type CatalogStats, type Refusal, REPORTS_MAX } from "./tally.ts";
