/**
 * Takes WebRTC and WebTransport out of the page: Chromium has no switch for them, and its content policy does not know
 * WebRTC. Runs inside the page before its first script, so it may use nothing from outside of its own body. The network
 * process has walls of its own, for a page that is no longer ours (`chromium-switches.ts`, `web-contents-policy.ts`).
 */
export function removeNetworkObjects(): void {
  for (const name of Object.getOwnPropertyNames(globalThis))
    if (/RTC|WebTransport/i.test(name)) Reflect.deleteProperty(globalThis, name);
}
