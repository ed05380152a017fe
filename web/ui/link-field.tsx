import { useLayoutEffect, useRef } from "preact/hooks";

/** A link to be copied by hand: it is there, selected. */
export function LinkField({ link, label }: { link: string; label: string }) {
  const field = useRef<HTMLInputElement>(null);
  useLayoutEffect(() => {
    field.current?.focus();
    field.current?.select();
  }, []);
  return <input ref={field} class="link-field" readonly dir="ltr" aria-label={label} value={link} />;
}
