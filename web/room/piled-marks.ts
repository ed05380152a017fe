// More than any script needs on one letter; Hebrew with its accents and Thai stay below.
const PILED = /\p{M}{4}/u;

/** True where marks are piled up on a letter so that they reach over the lines above and below. */
export function hasPiledMarks(text: string): boolean {
  return PILED.test(text);
}
