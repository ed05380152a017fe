/** What `Intl` does for a language as it is written somewhere. Each part is made when it is first needed. */
export type Formats = ReturnType<typeof formats>;

/** `tag`: the language, with the person's region where that is known: it decides between 2 PM and 14:00. */
export function formats(tag: string) {
  const time = lazy(() => new Intl.DateTimeFormat(tag, { timeStyle: "short" }));
  const day = lazy(() => new Intl.DateTimeFormat(tag, { weekday: "long", day: "numeric", month: "long" }));
  const dayOfYear = lazy(() => new Intl.DateTimeFormat(tag, { weekday: "long", day: "numeric", month: "long", year: "numeric" }));
  const moment = lazy(() => new Intl.DateTimeFormat(tag, { dateStyle: "full", timeStyle: "medium" }));
  const relative = lazy(() => new Intl.RelativeTimeFormat(tag, { numeric: "auto" }));
  const number = lazy(() => new Intl.NumberFormat(tag));
  const list = lazy(() => new Intl.ListFormat(tag, { type: "conjunction" }));
  const plural = lazy(() => new Intl.PluralRules(tag));
  const collator = lazy(() => new Intl.Collator(tag, { sensitivity: "base", numeric: true }));
  return {
    time: (at: number) => time().format(at),
    /** With everything, for whoever wants to know exactly. */
    moment: (at: number) => moment().format(at),
    /** A day as people name it, seen from `now`: today, yesterday, a weekday with its date, the year where it is another. */
    day(at: number, now: number): string {
      const days = Math.round((midnight(now) - midnight(at)) / 86_400_000);
      if (days === 0 || days === 1) return capitalised(relative().format(-days, "day"), tag);
      const sameYear = new Date(at).getFullYear() === new Date(now).getFullYear();
      return capitalised((sameYear ? day() : dayOfYear()).format(at), tag);
    },
    number: (count: number) => number().format(count),
    list: (parts: readonly string[]) => list().format(parts),
    compare: (a: string, b: string) => collator().compare(a, b),
    /** The form for `count`, with the number in place of `#`. */
    plural: (count: number, forms: PluralForms) => (forms[plural().select(count)] ?? forms.other).replace("#", number().format(count)),
  };
}

export type PluralForms = { readonly other: string } & { readonly [Form in Exclude<Intl.LDMLPluralRule, "other">]?: string };

function midnight(at: number): number {
  return new Date(at).setHours(0, 0, 0, 0);
}

function capitalised(text: string, tag: string): string {
  const [first = ""] = text;
  return first.toLocaleUpperCase(tag) + text.slice(first.length);
}

function lazy<Value>(make: () => Value): () => Value {
  let value: Value | undefined;
  return () => {
    value ??= make();
    return value;
  };
}
