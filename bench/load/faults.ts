const KEPT = 20;

/** What must not be and was. Only the first few are kept: after them it is the same again. */
export class Faults {
  readonly found: string[] = [];
  count = 0;

  add(what: string): void {
    this.count++;
    if (this.found.length < KEPT) this.found.push(what);
  }
}
