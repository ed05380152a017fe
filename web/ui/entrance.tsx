import type { ComponentChildren } from "preact";
import { TreeIcon } from "./icons.tsx";

/** The frame of everything that is shown outside of the room: where one is, and what there is to say or do. */
export function Entrance({ heading, children }: { heading: ComponentChildren; children: ComponentChildren }) {
  return (
    <main class="entrance">
      <div class="card">
        <p class="brand">
          <TreeIcon />
          Palabre
        </p>
        <h1>{heading}</h1>
        {children}
      </div>
    </main>
  );
}
