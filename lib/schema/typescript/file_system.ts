import { readFileSync, realpathSync, statSync } from "node:fs";

/** What a reading saw of the disk: the same look at the same disk later gives the same schema. */
export interface Evidence {
  /** The text of every file that was read, by path. */
  readonly texts: ReadonlyMap<string, string>;
  /** Whether there was something at a path that was looked at but not read: a new file may change what an import means. */
  readonly presence: ReadonlyMap<string, boolean>;
}

/** The disk as the compiler sees it, taking notes. */
export class WatchedFileSystem implements Evidence {
  readonly texts = new Map<string, string>();
  readonly presence = new Map<string, boolean>();
  private readonly kinds = new Map<string, "file" | "folder" | "nothing">();

  fileExists(path: string): boolean {
    return this.kind(path) === "file";
  }

  directoryExists(path: string): boolean {
    return this.kind(path) === "folder";
  }

  readFile(path: string): string | undefined {
    const known = this.texts.get(path);
    if (known !== undefined) return known;
    let text: string;
    try {
      text = readFileSync(path, "utf8");
    } catch {
      this.presence.set(path, false);
      return undefined;
    }
    this.texts.set(path, text);
    this.presence.delete(path);
    return text;
  }

  realpath(path: string): string {
    try {
      return realpathSync(path);
    } catch {
      return path;
    }
  }

  private kind(path: string): "file" | "folder" | "nothing" {
    const known = this.kinds.get(path);
    if (known !== undefined) return known;
    const stat = statSync(path, { throwIfNoEntry: false });
    const kind = stat === undefined ? "nothing" : stat.isDirectory() ? "folder" : "file";
    this.kinds.set(path, kind);
    if (!this.texts.has(path)) this.presence.set(path, kind !== "nothing");
    return kind;
  }
}
