import { dirname, resolve } from "node:path";
import { builtinModules } from "node:module";
import type ts from "typescript";
import {
  assetFile,
  isVirtual,
  remoteFile,
  RUNTIME_TYPES_FOLDER,
  SDK_FILE,
  untypedModuleFile,
} from "./virtual_files.ts";

/** An import that leads nowhere. */
export interface UnresolvedImport {
  specifier: string;
  node: ts.StringLiteralLike;
  file: ts.SourceFile;
}

type Resolved = ts.ResolvedModuleWithFailedLookupLocations;

/** Finds the file that an import means: TypeScript's way, save for what the binary provides itself. */
export class ModuleResolution {
  /** Imports by which nothing was found; an ambient declaration may still turn up. */
  readonly unresolved: UnresolvedImport[] = [];
  /** Whether a module of Node or Bun was imported. */
  usesRuntimeModules = false;
  private readonly cache: ts.ModuleResolutionCache;

  constructor(
    private readonly compiler: typeof ts,
    private readonly options: ts.CompilerOptions,
    private readonly host: ts.ModuleResolutionHost,
    private readonly hasRuntimeTypes: boolean,
    folder: string,
  ) {
    this.cache = compiler.createModuleResolutionCache(folder, (path) => path, options);
  }

  /** For `CompilerHost.resolveModuleNameLiterals`. */
  modules(literals: readonly ts.StringLiteralLike[], containingFile: string, file: ts.SourceFile): Resolved[] {
    return literals.map((node) => {
      const resolution = this.module(node.text, containingFile, file, node);
      if (resolution.resolvedModule === undefined && !this.isRuntimeModule(node.text)) {
        this.unresolved.push({ specifier: node.text, node, file });
      }
      return resolution;
    });
  }

  /** For `CompilerHost.resolveTypeReferenceDirectiveReferences`: `/// <reference types="..." />`. */
  typeReferences(
    references: readonly (ts.FileReference | string)[],
    containingFile: string,
  ): ts.ResolvedTypeReferenceDirectiveWithFailedLookupLocations[] {
    return references.map((reference) => {
      const name = typeof reference === "string" ? reference : reference.fileName;
      if (name === "node" || name === "bun") {
        // Unless they are wanted, the types of Node and Bun are too large to load because some package names them.
        if (!this.hasRuntimeTypes) return { resolvedTypeReferenceDirective: undefined };
        const folder = name === "node" ? "@types/node" : "bun-types";
        const resolvedFileName = `${RUNTIME_TYPES_FOLDER}/${folder}/index.d.ts`;
        return { resolvedTypeReferenceDirective: { primary: false, resolvedFileName } };
      }
      return this.compiler.resolveTypeReferenceDirective(name, containingFile, this.options, this.host);
    });
  }

  private module(specifier: string, containingFile: string, file: ts.SourceFile, node: ts.StringLiteralLike): Resolved {
    if (specifier === "cell") return this.found(SDK_FILE);
    if (specifier.startsWith("cell:")) return this.found(remoteFile(specifier.slice("cell:".length)));
    if (this.isRuntimeModule(specifier)) {
      if (!isVirtual(containingFile)) this.usesRuntimeModules = true;
      return this.hasRuntimeTypes ? { resolvedModule: undefined } : this.found(untypedModuleFile(specifier));
    }
    if (containingFile.startsWith(`${RUNTIME_TYPES_FOLDER}/`) && !specifier.startsWith(".")) {
      const path = `${RUNTIME_TYPES_FOLDER}/${specifier}`;
      const candidate = [`${path}/index.d.ts`, `${path}.d.ts`].find((name) => this.host.fileExists(name));
      return candidate === undefined ? { resolvedModule: undefined } : this.found(candidate);
    }
    const mode = this.compiler.getModeForUsageLocation(file, node, this.options);
    const resolution = this.compiler.resolveModuleName(
      specifier,
      containingFile,
      this.options,
      this.host,
      this.cache,
      undefined,
      mode,
    );
    // A text, an image or a table that the runtime's bundler knows how to import.
    if (
      resolution.resolvedModule === undefined && specifier.startsWith(".") &&
      this.host.fileExists(resolve(dirname(containingFile), specifier))
    ) return this.found(assetFile(specifier));
    return resolution;
  }

  private isRuntimeModule(specifier: string): boolean {
    return /^(node|bun):|^bun$/.test(specifier) || builtinModules.includes(specifier);
  }

  private found(resolvedFileName: string): Resolved {
    return {
      resolvedModule: { resolvedFileName, extension: this.compiler.Extension.Dts, isExternalLibraryImport: true },
    };
  }
}
