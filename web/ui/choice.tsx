import { useId } from "preact/hooks";
import type { Preference } from "../room/preference.ts";

type Props<Value extends string> = {
  label: string;
  preference: Preference<Value>;
  options: readonly (readonly [value: Value, name: string])[];
};

/** One of a few, which holds from the moment it is chosen. */
export function Choice<Value extends string>({ label, preference, options }: Props<Value>) {
  const id = useId();
  const chosen = preference.chosen.value;
  return (
    <div class="choice">
      <label for={id}>{label}</label>
      <select id={id} value={chosen} onChange={(event) => preference.choose(event.currentTarget.value as Value)}>
        {options.map(([value, name]) => (
          <option key={value} value={value} selected={value === chosen}>
            {name}
          </option>
        ))}
      </select>
    </div>
  );
}
