import type { ComponentChildren } from "preact";

/** Icons say nothing by themselves: what they stand in has a name. `mirrored`: it points the other way where one writes from right to left. */
function Icon({ mirrored = false, children }: { mirrored?: boolean; children: ComponentChildren }) {
  return (
    <svg
      class={mirrored ? "icon mirrored" : "icon"}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      stroke-width="2"
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
    >
      {children}
    </svg>
  );
}

/** The palaver tree: its crown is a speech bubble. */
export function TreeIcon() {
  return (
    <svg class="icon tree" viewBox="0 0 24 24" aria-hidden="true">
      <path
        fill="currentColor"
        d="M12 1.5c-5.8 0-10.2 3.5-10.2 8 0 4 3.6 7.2 8.4 7.8v1.2c0 1.9-.9 3.3-2.4 4h8.4c-1.5-.7-2.4-2.1-2.4-4v-1.2c4.8-.6 8.4-3.8 8.4-7.8 0-4.5-4.4-8-10.2-8z"
      />
      <path class="lines" d="M7 8h10M7 11.5h6.5" />
    </svg>
  );
}

export function SendIcon() {
  return (
    <Icon>
      <path d="M12 20V5M5.5 11.5 12 5l6.5 6.5" />
    </Icon>
  );
}

export function PeopleIcon() {
  return (
    <Icon>
      <circle cx="9" cy="8" r="3.5" />
      <path d="M2.5 20c.6-3.8 3.1-6 6.5-6s5.9 2.2 6.5 6M15.5 4.8a3.5 3.5 0 0 1 0 6.4M18 14.6c2 .8 3.2 2.7 3.6 5.4" />
    </Icon>
  );
}

export function LeaveIcon() {
  return (
    <Icon mirrored>
      <path d="M13.5 4H6.5v16h7M11 12h10M17.5 8.5 21 12l-3.5 3.5" />
    </Icon>
  );
}

export function PencilIcon() {
  return (
    <Icon>
      <path d="M4 20l.8-4L16.5 4.3a1.7 1.7 0 0 1 2.4 0l.8.8a1.7 1.7 0 0 1 0 2.4L8 19.2z" />
    </Icon>
  );
}

export function DownIcon() {
  return (
    <Icon>
      <path d="M12 5v14M5.5 12.5 12 19l6.5-6.5" />
    </Icon>
  );
}

export function CloseIcon() {
  return (
    <Icon>
      <path d="M6 6l12 12M18 6 6 18" />
    </Icon>
  );
}

export function AlertIcon() {
  return (
    <Icon>
      <circle cx="12" cy="12" r="9" />
      <path d="M12 7.5v5.5M12 16.5v.1" />
    </Icon>
  );
}

export function ClockIcon() {
  return (
    <Icon>
      <circle cx="12" cy="12" r="9" />
      <path d="M12 7v5l3 2" />
    </Icon>
  );
}

export function LinkIcon() {
  return (
    <Icon>
      <path d="M10 14a4.2 4.2 0 0 0 6 0l3.4-3.4a4.2 4.2 0 0 0-6-6L12 6M14 10a4.2 4.2 0 0 0-6 0l-3.4 3.4a4.2 4.2 0 0 0 6 6L12 18" />
    </Icon>
  );
}
