/** Stand-ins for names: characters that no words and no nickname contain. */
const STAND_IN = 0xe000;
const STAND_INS = /([\uE000-\uE0FF])/;

/**
 * A sentence with people's names in it. `text` makes it from stand-ins, and each name is then set apart in its own direction of writing:
 * a name from right to left does not turn the sentence around.
 */
export function WithNames({ names, text }: { names: readonly string[]; text: (standIns: string[]) => string }) {
  const sentence = text(names.map((_, index) => String.fromCharCode(STAND_IN + index)));
  return (
    <>{sentence.split(STAND_INS).map((part, index) => (index % 2 === 0 ? part : <bdi>{names[part.charCodeAt(0) - STAND_IN]}</bdi>))}</>
  );
}
