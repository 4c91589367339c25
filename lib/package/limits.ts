import { KIB, MIB } from "../base/mod.ts";

/** All files of one package together: code and what it imports as files. */
export const PACKAGE_BYTES_MAX = 256 * MIB;
/** Files of one package. */
export const PACKAGE_FILES_MAX = 4096;
/** `manifest.json`, which holds the schemas of the services that are called. */
export const MANIFEST_BYTES_MAX = 64 * MIB;
/** `cell.toml` holds a few lines; parsing more costs time for nothing. */
export const CONFIG_BYTES_MAX = 64 * KIB;

/** Variables in one service's environment. */
export const VARIABLES_MAX = 1024;
/**
 * All variables of one service together. Linux starts no program with a longer one (MAX_ARG_STRLEN); they are stored, and
 * every instance holds them.
 */
export const ENVIRONMENT_BYTES_MAX = 128 * KIB;
