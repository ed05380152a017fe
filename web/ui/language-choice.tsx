import { LANGUAGES } from "../words/languages.ts";
import { Choice } from "./choice.tsx";
import { useApp } from "./context.ts";

/** In which language the page speaks: each is called what its speakers call it. */
export function LanguageChoice() {
  const { preferences, words } = useApp();
  const languages = Object.entries(LANGUAGES).map(([tag, { name }]) => [tag, name] as const);
  return <Choice label={words.language} preference={preferences.language} options={[["", words.languageOfBrowser], ...languages]} />;
}
