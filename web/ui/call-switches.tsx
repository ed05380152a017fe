import { useState } from "preact/hooks";
import { chime } from "../page/chime.ts";
import { askToNotify } from "../page/notifier.ts";
import { useApp } from "./context.ts";
import { Switch } from "./switch.tsx";

/** How one is told of being called while the page is not in front: not at all, unless one wants to be. */
export function CallSwitches() {
  const { preferences, words } = useApp();
  const { notify, sound } = preferences;
  const [forbidden, setForbidden] = useState(false);

  async function wantNotifications(on: boolean) {
    const allowed = on && (await askToNotify());
    setForbidden(on && !allowed);
    notify.choose(allowed ? "on" : "off");
  }

  function wantSound(on: boolean) {
    sound.choose(on ? "on" : "off");
    // So that one knows what to listen for.
    if (on) chime();
  }

  return (
    <>
      <Switch label={words.notify} on={notify.chosen.value === "on"} onChange={(on) => void wantNotifications(on)} />
      <p class="fault" role="status">
        {forbidden && words.notifyForbidden}
      </p>
      <Switch label={words.sound} on={sound.chosen.value === "on"} onChange={wantSound} />
    </>
  );
}
