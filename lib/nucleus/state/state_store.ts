import type { Database } from "bun:sqlite";
import { CellError, didYouMean } from "../../base/mod.ts";
import { verified, withChecksum } from "./checksum.ts";
import { stateError } from "./failures.ts";
import { emptyLog, openDatabase, type OpenOptions, withoutWaiting } from "./open_database.ts";
import { releaseOf, rowOf, serviceOf } from "./rows.ts";
import type { NewCandidate, NewRelease, NewService, StoredRelease, StoredService, StoredSettings } from "./stored.ts";
import type { Checked, InstanceRow, ReleaseRow, ServiceRow } from "./tables.ts";

/** A restart count does not grow beyond this: it is for people. */
const RESTARTS_MAX = 2 ** 31 - 1;
/** More of a reason is cut off: it may hold lines of a log. */
const FAILURE_LENGTH_MAX = 8192;

/**
 * What was deployed, durably: when a method returns, what it did survives a crash and a loss of power; when it throws,
 * nothing has changed. Methods throw NOT_FOUND with near names for a service that is not there, RESOURCE_EXHAUSTED when
 * the disk is full, UNAVAILABLE when another process has the file locked, DATA_LOSS when it is damaged.
 */
export class StateStore implements Disposable {
  readonly path: string;
  readonly #database: Database;

  private constructor(path: string, database: Database) {
    this.path = path;
    this.#database = database;
  }

  /**
   * Opens the state at `path`, or makes an empty one. Throws, naming the file and what to do, when it is damaged, not a
   * state, not writable, another user's, or written by a newer cell; then the file is as it was.
   */
  static open(path: string, options: OpenOptions = {}): StateStore {
    return new StateStore(path, openDatabase(path, options));
  }

  /** All services, sorted by name. */
  services(): StoredService[] {
    return this.#read("reading the services", () => {
      const rows = this.#database.query<Checked<ServiceRow>, []>("SELECT * FROM services ORDER BY name").all();
      return rows.map((row) => this.#assemble(row));
    });
  }

  service(name: string): StoredService | undefined {
    return this.#read(`reading ${name}`, () => {
      const row = this.#serviceRow(name);
      return row === undefined ? undefined : this.#assemble(row);
    });
  }

  /** Adds a service with its first release, number 1, which is active at once. Throws ALREADY_EXISTS. */
  create(settings: NewService, release: NewRelease): void {
    const { name } = settings;
    this.#write(`deploying ${name}`, () => {
      if (this.#serviceRow(name) !== undefined) {
        throw new CellError("ALREADY_EXISTS", `deploying ${name}: there is a service of this name already`);
      }
      const createdAt = new Date();
      const stored = { ...settings, stopped: settings.stopped ?? false, createdAt, failure: undefined };
      this.#putService(rowOf(stored, 1));
      this.#putRelease(name, { ...release, number: 1, role: "active", parallel: false, observeMs: 0, createdAt });
    });
  }

  /** Changes the settings that are given; one that is given as undefined is unset. */
  configure(name: string, settings: Partial<StoredSettings>): void {
    this.#write(`configuring ${name}`, () => {
      const row = this.#known(name);
      this.#putService(rowOf({ ...serviceOf(row, []), ...settings }, row.last_release));
    });
  }

  /** Adds a release that is to prove itself, and drops the candidate that is there already. Returns its number. */
  addCandidate(name: string, candidate: NewCandidate): number {
    return this.#write(`deploying ${name}`, () => {
      const row = this.#known(name);
      const number = row.last_release + 1;
      this.#database.run("DELETE FROM releases WHERE service = ? AND role = 'candidate'", [name]);
      this.#putService({ ...row, last_release: number, failure: null });
      this.#putRelease(name, { ...candidate, number, role: "candidate", createdAt: new Date() });
      return number;
    });
  }

  /** Makes a candidate active; the others go unless it is to run in parallel. Throws FAILED_PRECONDITION when it is none. */
  promote(name: string, number: number): void {
    this.#write(`promoting release ${number} of ${name}`, () => {
      this.#known(name);
      const candidate = this.#releases(name).find((release) => release.number === number);
      if (candidate?.role !== "candidate") {
        throw new CellError("FAILED_PRECONDITION", `promoting release ${number} of ${name}: it is no candidate`);
      }
      if (!candidate.parallel) this.#database.run("DELETE FROM releases WHERE service = ?", [name]);
      this.#putRelease(name, { ...candidate, role: "active" });
    });
  }

  /** Drops a candidate and keeps the reason. Nothing happens when it has gone already. */
  abort(name: string, number: number, reason: string): void {
    this.#write(`giving up release ${number} of ${name}`, () => {
      const sql = "DELETE FROM releases WHERE service = ? AND number = ? AND role = 'candidate'";
      const { changes } = this.#database.run(sql, [name, number]);
      if (changes > 0) this.#putService({ ...this.#known(name), failure: reason.slice(0, FAILURE_LENGTH_MAX) });
    });
  }

  /**
   * Forgets the releases of one species: with the last one the service goes; a candidate that is left alone becomes
   * active. Throws NOT_FOUND when there is no such release.
   */
  removeSpecies(name: string, species: string): void {
    this.#write(`removing the species ${species} of ${name}`, () => {
      this.#known(name);
      const releases = this.#releases(name);
      const rest = releases.filter((release) => release.species !== species);
      if (rest.length === releases.length) {
        const known = [...new Set(releases.map((release) => release.species))];
        throw new CellError(
          "NOT_FOUND",
          `removing the species ${species} of ${name}: it has none like that. It has ${known.join(", ")}.`,
        );
      }
      if (rest.length === 0) return this.#remove(name);
      this.#database.run("DELETE FROM releases WHERE service = ? AND species = ?", [name, species]);
      const [first] = rest;
      if (first !== undefined && rest.every(({ role }) => role === "candidate")) {
        this.#putRelease(name, { ...first, role: "active" });
      }
    });
  }

  /** Forgets a service. */
  remove(name: string): void {
    this.#write(`removing ${name}`, () => {
      this.#known(name);
      this.#remove(name);
    });
  }

  /** How often each instance was started again, by its number. */
  restarts(name: string): Map<number, number> {
    return this.#read(`reading the restarts of ${name}`, () => {
      const sql = "SELECT * FROM instances WHERE service = ? ORDER BY number";
      const rows = this.#database.query<Checked<InstanceRow>, [string]>(sql).all(name);
      return new Map(rows.map((row) => verified("instances", row)).map(({ number, restarts }) => [number, restarts]));
    });
  }

  /**
   * Keeps how often an instance was started again; 0 forgets it. Throws at once when somebody has the file locked: the
   * next count says it, too.
   */
  setRestarts(name: string, number: number, count: number): void {
    withoutWaiting(this.#database, () =>
      this.#write(`counting the restarts of ${name}`, () => {
        this.#known(name);
        if (count === 0) {
          this.#database.run("DELETE FROM instances WHERE service = ? AND number = ?", [name, number]);
          return;
        }
        this.#put("instances", { service: name, number, restarts: Math.min(count, RESTARTS_MAX) });
      }));
  }

  /** Several changes that are made all or not at all. */
  atomically<T>(work: () => T): T {
    return this.#write("changing the state", work);
  }

  /** Nothing can be done with the store afterwards. Closing it twice does no harm. */
  close(): void {
    this.#database.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #assemble(stored: Checked<ServiceRow>): StoredService {
    const row = verified("services", stored);
    return serviceOf(row, this.#releases(row.name));
  }

  #releases(name: string): StoredRelease[] {
    const sql = "SELECT * FROM releases WHERE service = ? ORDER BY number";
    const rows = this.#database.query<Checked<ReleaseRow>, [string]>(sql).all(name);
    return rows.map((row) => releaseOf(verified("releases", row)));
  }

  #serviceRow(name: string): Checked<ServiceRow> | undefined {
    const sql = "SELECT * FROM services WHERE name = ?";
    return this.#database.query<Checked<ServiceRow>, [string]>(sql).get(name) ?? undefined;
  }

  #known(name: string): ServiceRow {
    const row = this.#serviceRow(name);
    if (row !== undefined) return verified("services", row);
    const names = this.#database.query<{ name: string }, []>("SELECT name FROM services").all();
    const near = didYouMean(name, names.map((other) => other.name));
    throw new CellError("NOT_FOUND", `no service named ${name} is deployed here.${near}`, { data: { started: false } });
  }

  #remove(name: string): void {
    this.#database.run("DELETE FROM services WHERE name = ?", [name]);
  }

  #putService(row: ServiceRow): void {
    this.#put("services", row);
  }

  #putRelease(service: string, release: StoredRelease): void {
    const row: ReleaseRow = {
      service,
      number: release.number,
      package: release.package,
      species: release.species,
      env: JSON.stringify(release.env),
      role: release.role,
      parallel: Number(release.parallel),
      observe_ms: release.observeMs,
      created_at: release.createdAt.getTime(),
    };
    this.#put("releases", row);
  }

  /** Inserts a row or replaces the one with its key, without touching what refers to it. */
  #put(table: string, row: object): void {
    const stored = withChecksum(table, row);
    const columns = Object.keys(stored);
    const key = table === "services" ? "name" : "service, number";
    const updates = columns.map((column) => `${column} = excluded.${column}`).join(", ");
    this.#database.query(
      `INSERT INTO ${table} (${columns.join(", ")}) VALUES (${columns.map((column) => `$${column}`).join(", ")}) ` +
        `ON CONFLICT (${key}) DO UPDATE SET ${updates}`,
    ).run(stored as unknown as Record<string, string | number | null>);
  }

  #read<T>(attempt: string, work: () => T): T {
    try {
      // One snapshot, whatever others write meanwhile.
      return this.#database.inTransaction ? work() : this.#database.transaction(work).deferred();
    } catch (error) {
      throw stateError(this.path, attempt, error);
    }
  }

  #write<T>(attempt: string, work: () => T): T {
    try {
      if (this.#database.inTransaction) return work();
      const result = this.#database.transaction(work).immediate();
      emptyLog(this.#database);
      return result;
    } catch (error) {
      throw stateError(this.path, attempt, error);
    }
  }
}
