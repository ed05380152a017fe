/** From the second visit on, the page opens without a network too. Where the browser has no service workers, or allows none, it does not. */
export function openOffline(): void {
  navigator.serviceWorker?.register("/service-worker.js").catch(() => {});
}
