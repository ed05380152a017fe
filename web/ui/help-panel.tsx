import { useApp } from "./context.ts";

export function HelpPanel() {
  const { words } = useApp();
  return (
    <section class="help">
      <h2>{words.helpTitle}</h2>
      <dl>
        {words.help.map(([typed, meaning]) => (
          <div key={typed}>
            <dt>
              <kbd dir="auto">{typed}</kbd>
            </dt>
            <dd>{meaning}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
