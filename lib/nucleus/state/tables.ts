/** The version of the tables; a file with a higher one is not touched. */
export const STATE_FORMAT = 1;

/**
 * The tables as they are created, by name. Every row but that of `meta` ends with a checksum of the others: SQLite notices a damaged
 * structure, not a damaged value.
 */
export const TABLES: { readonly [name: string]: string } = {
  meta: "CREATE TABLE meta (format INTEGER NOT NULL)",
  services: `CREATE TABLE services (
  name TEXT PRIMARY KEY NOT NULL,
  replicas INTEGER NOT NULL,
  min_replicas INTEGER NOT NULL,
  max_replicas INTEGER,
  idle_ms REAL NOT NULL,
  cpu_target REAL,
  stopped INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  last_release INTEGER NOT NULL,
  failure TEXT,
  checksum TEXT NOT NULL
) WITHOUT ROWID`,
  releases: `CREATE TABLE releases (
  service TEXT NOT NULL REFERENCES services (name) ON DELETE CASCADE,
  number INTEGER NOT NULL,
  package TEXT NOT NULL,
  species TEXT NOT NULL,
  env TEXT NOT NULL,
  role TEXT NOT NULL,
  parallel INTEGER NOT NULL,
  observe_ms REAL NOT NULL,
  created_at INTEGER NOT NULL,
  checksum TEXT NOT NULL,
  PRIMARY KEY (service, number)
) WITHOUT ROWID`,
  instances: `CREATE TABLE instances (
  service TEXT NOT NULL REFERENCES services (name) ON DELETE CASCADE,
  number INTEGER NOT NULL,
  restarts INTEGER NOT NULL,
  checksum TEXT NOT NULL,
  PRIMARY KEY (service, number)
) WITHOUT ROWID`,
};

/** Those whose rows have a checksum. */
export const CHECKED_TABLES: readonly string[] = Object.keys(TABLES).filter((name) => name !== "meta");

/** Of `services`, without the checksum. */
export interface ServiceRow {
  name: string;
  replicas: number;
  min_replicas: number;
  max_replicas: number | null;
  idle_ms: number;
  cpu_target: number | null;
  stopped: number;
  /** Milliseconds since 1970. */
  created_at: number;
  last_release: number;
  failure: string | null;
}

/** Of `releases`, without the checksum. */
export interface ReleaseRow {
  service: string;
  number: number;
  package: string;
  species: string;
  /** JSON */
  env: string;
  role: string;
  parallel: number;
  observe_ms: number;
  /** Milliseconds since 1970. */
  created_at: number;
}

/** Of `instances`, without the checksum. */
export interface InstanceRow {
  service: string;
  number: number;
  restarts: number;
}

/** A row as it is stored. */
export type Checked<Row> = Row & { checksum: string };
