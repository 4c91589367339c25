/** One millisecond; every duration at an interface is a number of these. */
export const MS = 1;
/** One second, in milliseconds. */
export const SECOND = 1000 * MS;
/** One minute, in milliseconds. */
export const MINUTE = 60 * SECOND;

/** 1024 bytes; every size at an interface is a number of bytes. */
export const KIB = 1024;
/** 1024 KIB, in bytes. */
export const MIB = 1024 * KIB;
