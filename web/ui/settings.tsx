import { CallSwitches } from "./call-switches.tsx";
import { Choice } from "./choice.tsx";
import { useApp } from "./context.ts";
import { LanguageChoice } from "./language-choice.tsx";

/** What a person may choose. It holds at once, and for every room. */
export function Settings() {
  const { preferences, words } = useApp();
  const { system, light, dark } = words.themes;
  return (
    <details class="settings">
      <summary>{words.settings}</summary>
      <LanguageChoice />
      <Choice
        label={words.theme}
        preference={preferences.theme}
        options={[
          ["system", system],
          ["light", light],
          ["dark", dark],
        ]}
      />
      <CallSwitches />
    </details>
  );
}
