/** What is used of it; the package brings no types. */
declare module "fs-native-extensions" {
  /**
   * Asks the kernel for a lock on the open file: for this opening of it, not for the process, and until it is closed. False where
   * another opening has one that does not go with it.
   */
  export function tryLock(fd: number, options?: { shared?: boolean }): boolean;
}
