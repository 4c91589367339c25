import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { CellError } from "../base/mod.ts";
import { assertServiceName } from "../service/mod.ts";
import { hasInstalledRuntimeTypes, writeRuntimeTypes, writeSdkDeclaration } from "./declarations.ts";
import { typesFolder } from "./folder.ts";
import { DEFAULT_COMPILER_OPTIONS } from "./type_check.ts";

/** What `createService` made. */
export interface CreatedService {
  /** The service's file. */
  file: string;
  /** Everything that is new, the declarations left out. */
  created: string[];
  /** What was there already and stays as it is. */
  kept: string[];
}

/**
 * Makes a service in a folder: its file, and what an editor needs unless it is there. Throws ALREADY_EXISTS before
 * anything is written when the service's file exists.
 */
export async function createService(name: string, folder: string): Promise<CreatedService> {
  assertServiceName(name);
  const root = resolve(folder);
  const file = join(root, `${name}.ts`);
  if (existsSync(file)) {
    throw new CellError(
      "ALREADY_EXISTS",
      `${file} exists already and is left as it is. Choose another name or folder.`,
    );
  }
  const created = [file];
  const kept: string[] = [];
  const write = (path: string, text: string): void => {
    if (path !== file && existsSync(path)) return void kept.push(path);
    // "wx" fails where somebody else has made the file since.
    writeFileSync(path, text, { flag: "wx" });
    if (path !== file) created.push(path);
  };
  try {
    mkdirSync(root, { recursive: true });
    write(file, serviceText(name));
    write(join(root, "tsconfig.json"), configurationText());
  } catch (error) {
    throw new CellError("FAILED_PRECONDITION", `making the service ${name}: ${(error as Error).message}`, {
      cause: error,
    });
  }
  writeSdkDeclaration(root);
  if (!hasInstalledRuntimeTypes(root)) await writeRuntimeTypes(join(typesFolder(root), "node_modules"));
  return { file, created, kept };
}

function serviceText(name: string): string {
  return `/** Greets whoever asks. */
export async function greet({ name }: { name: string }) {
  return { greeting: \`Hello, \${name}!\` };
}

/** Counts down to zero, one number a second. */
export async function* countdown(from: number) {
  for (let left = from; left >= 0; left--) {
    yield left;
    if (left > 0) await Bun.sleep(1000);
  }
}

// Every exported function is a method. Try:
//   cell run ${name}.ts
//   cell call ${name} greet name=World
//   cell call ${name} countdown 3
// Another service calls them with: import { greet } from "cell:${name}";
`;
}

function configurationText(): string {
  const configuration = {
    compilerOptions: {
      ...DEFAULT_COMPILER_OPTIONS,
      types: ["bun"],
      // What somebody installs goes before what lies there from the beginning.
      typeRoots: ["node_modules/@types", ".cell/types/node_modules/@types"],
    },
    include: ["**/*.ts", ".cell/types/*.d.ts"],
  };
  const text = JSON.stringify(configuration, null, 2);
  // Short lists on one line, as people write them.
  return text.replace(/\[[^\]]*\]/g, (list) => list.replace(/\s*\n\s*/g, " ").replace("[ ", "[").replace(" ]", "]")) +
    "\n";
}
