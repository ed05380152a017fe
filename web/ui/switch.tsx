type Props = { label: string; on: boolean; onChange(on: boolean): void };

/** On or off. */
export function Switch({ label, on, onChange }: Props) {
  return (
    <label class="switch">
      <input type="checkbox" checked={on} onChange={(event) => onChange(event.currentTarget.checked)} />
      <span>{label}</span>
    </label>
  );
}
