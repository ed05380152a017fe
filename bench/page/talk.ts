/** A long talk, the same every time: short lines and long ones, a few people, links, mentions, line breaks. */
const PEOPLE = ["ana", "bo", "célestine", "dmitri", "Émile", "fatima", "gil", "hiroko"] as const;
const WORDS =
  "the of and chat room line tree under shade talk again never slowly reads older page keeps place while somebody writes more".split(" ");

export type Said = { readonly nick: string; readonly text: string };

/** What is said as number `index`. Whoever speaks goes on for one to four lines. */
export function saying(index: number): Said {
  const turn = mixed(index >> 2);
  const nick = PEOPLE[turn % PEOPLE.length] as string;
  const length = [3, 5, 8, 12, 20, 45][mixed(index) % 6] as number;
  const words = Array.from({ length }, (_, at) => WORDS[mixed(index * 31 + at) % WORDS.length]);
  const extra = index % 17 === 0 ? " https://example.org/a/longer/address?number=1" : index % 23 === 0 ? "\nand a second line" : "";
  return { nick, text: `${index} ${words.join(" ")}${extra}` };
}

/** A whole number from another one, without a pattern that the eye or a cache would find. */
function mixed(number: number): number {
  let state = (number + 0x9e3779b9) | 0;
  state = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
  state = Math.imul(state ^ (state >>> 13), 0xc2b2ae35);
  return (state ^ (state >>> 16)) >>> 0;
}
