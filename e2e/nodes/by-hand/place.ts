/** Where the services run, in place of containers: what they see of each other. */
export interface Place {
  /** In a sentence, for people. */
  readonly about: string;
  /** The command that runs `command` as that service. */
  inside(service: string, command: readonly string[]): string[];
  /** A setting, an argument or a file's content as that service is to read it. */
  asReadBy(service: string, text: string): string;
  /** Where that service is reached from the machine's own side. */
  addressOf(service: string): string;
  /** The command that runs `command` on the machine's side of the services' network: there the published port leads in. */
  atTheGate(command: readonly string[]): string[];
  remove(): void;
}
