import { Database } from "bun:sqlite";
import { chmodSync, closeSync, fsyncSync, linkSync, openSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { CellError, KIB, MIB, SECOND } from "../../base/mod.ts";
import { verified } from "./checksum.ts";
import { damaged, notAState, stateError } from "./failures.ts";
import { checkFile, checkFolder } from "./file_checks.ts";
import { type Checked, CHECKED_TABLES, STATE_FORMAT, TABLES } from "./tables.ts";

/** Whoever has the file locked gets this long: a backup, a second agent that is about to find out that it is one. */
const BUSY_MS_MAX = 5 * SECOND;
const PAGE_BYTES = 4 * KIB;
/** No state is larger: more than ten thousand services with all their settings. */
const STATE_BYTES_MAX = 256 * MIB;
const FILE_MODE = 0o600;

/** How a store is opened. */
export interface OpenOptions {
  /** The database takes no more pages of 4 KiB. @default 65_536 */
  pagesMax?: number;
  /** How long a lock of somebody else is waited for. @default 5_000 */
  busyMs?: number;
}

/**
 * Opens the database at `path`, or makes it. An existing one is looked through by a connection that only reads, before one
 * that may write is opened: what is damaged stays as it is.
 */
export function openDatabase(path: string, options: OpenOptions = {}): Database {
  const attempt = "opening the state";
  try {
    checkFolder(path);
    if (checkFile(path) === "missing") createDatabase(path);
    const busyMs = options.busyMs ?? BUSY_MS_MAX;
    inspect(path, busyMs);
    return connect(path, { pagesMax: options.pagesMax ?? STATE_BYTES_MAX / PAGE_BYTES, busyMs });
  } catch (error) {
    throw stateError(path, attempt, error);
  }
}

/**
 * Moves what was committed from the log into the database, where damage is noticed; a damaged log is taken for one that
 * ends earlier. When somebody reads, or the disk is full, it stays in the log until the next time.
 */
export function emptyLog(database: Database): void {
  try {
    withoutWaiting(database, () => database.run("PRAGMA wal_checkpoint(TRUNCATE)"));
  } catch {
    // The commit is durable already.
  }
}

/** Does something that fails at once when somebody else has the file locked. */
export function withoutWaiting(database: Database, work: () => void): void {
  const [before] = database.query<{ timeout: number }, []>("PRAGMA busy_timeout").all();
  try {
    database.run("PRAGMA busy_timeout = 0");
    work();
  } finally {
    database.run(`PRAGMA busy_timeout = ${before?.timeout ?? BUSY_MS_MAX}`);
  }
}

function connect(path: string, { pagesMax, busyMs }: Required<OpenOptions>): Database {
  const database = new Database(path, { readwrite: true, strict: true });
  try {
    database.run(`PRAGMA busy_timeout = ${busyMs}`);
    database.run("PRAGMA journal_mode = WAL");
    // What was acknowledged survives a loss of power.
    database.run("PRAGMA synchronous = FULL");
    database.run("PRAGMA foreign_keys = ON");
    database.run("PRAGMA trusted_schema = OFF");
    database.run(`PRAGMA max_page_count = ${pagesMax}`);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Throws unless the file is a whole state of a version that is known. */
function inspect(path: string, busyMs: number): void {
  const database = new Database(path, { readonly: true, strict: true });
  try {
    database.run(`PRAGMA busy_timeout = ${busyMs}`);
    database.run("PRAGMA trusted_schema = OFF");
    database.run("PRAGMA cell_size_check = ON");
    checkFormat(path, database);
    checkTables(path, database);
    const [finding] = database.query<{ integrity_check: string }, []>("PRAGMA integrity_check(1)").all();
    if (finding?.integrity_check !== "ok") throw damaged(path, finding?.integrity_check ?? "it cannot be checked");
    checkRows(database);
  } finally {
    database.close();
  }
}

function checkFormat(path: string, database: Database): void {
  const meta = database.query<{ name: string }, []>("SELECT name FROM sqlite_schema WHERE name = 'meta'").get();
  if (meta === null) throw notAState(path, "it is a database of another program");
  const formats = database.query<{ format: unknown }, []>("SELECT format FROM meta").all().map(({ format }) => format);
  const [format] = formats;
  if (formats.length !== 1 || typeof format !== "number" || !Number.isInteger(format) || format < 1) {
    throw damaged(path, `its format is ${JSON.stringify(formats)}`);
  }
  if (format <= STATE_FORMAT) return;
  throw new CellError(
    "FAILED_PRECONDITION",
    `reading ${path}: its format is ${format}, and this version of cell knows ${STATE_FORMAT}. It was written by a newer ` +
      "cell: use that one. Nothing was changed.",
  );
}

function checkTables(path: string, database: Database): void {
  const found = database.query<{ name: string; sql: string | null }, []>("SELECT name, sql FROM sqlite_schema").all();
  const texts = new Map(found.filter(({ sql }) => sql !== null).map(({ name, sql }) => [name, sql]));
  const wrong = Object.keys(TABLES).find((name) => texts.get(name) !== TABLES[name]);
  if (wrong !== undefined) throw damaged(path, `its table ${wrong} is not as it was made`);
  if (texts.size > Object.keys(TABLES).length) throw damaged(path, "it has tables that cell does not make");
}

/** Looks at every row, also at those that nothing leads to because their key is damaged. */
function checkRows(database: Database): void {
  for (const table of CHECKED_TABLES) {
    for (const row of database.query<Checked<object>, []>(`SELECT * FROM ${table}`).all()) verified(table, row);
  }
}

/**
 * Makes an empty state beside its place and gives it its name when it is durable, so that a file of that name is never
 * empty. Who is second finds that the work is done.
 */
function createDatabase(path: string): void {
  const temporary = `${path}.new-${process.pid}`;
  removeDatabase(temporary);
  try {
    const database = new Database(temporary, { create: true, readwrite: true, strict: true });
    try {
      chmodSync(temporary, FILE_MODE);
      database.run(`PRAGMA page_size = ${PAGE_BYTES}`);
      database.run("PRAGMA journal_mode = WAL");
      database.run("PRAGMA synchronous = FULL");
      database.transaction(() => {
        for (const sql of Object.values(TABLES)) database.run(sql);
        database.run("INSERT INTO meta (format) VALUES (?)", [STATE_FORMAT]);
      })();
      database.run("PRAGMA wal_checkpoint(TRUNCATE)");
    } finally {
      database.close();
    }
    sync(temporary);
    linkSync(temporary, path);
    sync(dirname(path));
  } catch (error) {
    if ((error as { code?: unknown }).code !== "EEXIST") throw error;
  } finally {
    removeDatabase(temporary);
  }
}

function removeDatabase(path: string): void {
  for (const suffix of ["", "-wal", "-shm"]) rmSync(path + suffix, { force: true });
}

function sync(path: string): void {
  const fd = openSync(path, "r");
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
