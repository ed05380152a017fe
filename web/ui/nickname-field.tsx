import { useId, useLayoutEffect, useRef } from "preact/hooks";

type Props = {
  label: string;
  value: string;
  /** What is wrong, said beside the field. */
  fault: string | undefined;
  onValue(value: string): void;
  enterKeyHint: "go" | "done";
};

/** A field for a nickname. Takes the focus where it appears. */
export function NicknameField({ label, value, fault, onValue, enterKeyHint }: Props) {
  const id = useId();
  const input = useRef<HTMLInputElement>(null);
  useLayoutEffect(() => {
    input.current?.focus();
    input.current?.select();
  }, []);
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input
        ref={input}
        data-home
        id={id}
        dir={value === "" ? undefined : "auto"}
        autocomplete="nickname"
        autocapitalize="off"
        spellcheck={false}
        enterkeyhint={enterKeyHint}
        value={value}
        aria-invalid={fault !== undefined}
        aria-describedby={`${id}-fault`}
        onInput={(event) => onValue(event.currentTarget.value)}
      />
      <p class="fault" id={`${id}-fault`} role="status">
        {fault}
      </p>
    </div>
  );
}
