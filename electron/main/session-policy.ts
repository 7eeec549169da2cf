import type { Session } from 'electron';
import { appOrigin } from '../shared/shell-contract.ts';

/** A port that nothing can listen on. */
const deadDictionaryUrl = 'http://127.0.0.1:0/';
const certificateRefused = -2;

/**
 * What no session may do, the default one and any that is ever made. Electron grants permissions, downloads and
 * dictionary look-ups unless told otherwise. Must run before the first window: the dictionary of the system's language
 * is fetched when a session's first page starts.
 */
export function closeSession(session: Session, onBlocked: (api: string) => void): void {
  session.setSpellCheckerEnabled(false);
  // macOS has its own spell-checker, which downloads nothing.
  if (process.platform !== 'darwin') session.setSpellCheckerDictionaryDownloadURL(deadDictionaryUrl);

  // Without a filter: a pattern could leave out a scheme that is added one day.
  session.webRequest.onBeforeRequest(({ url }, answer) => {
    const cancel = !isOurs(url);
    if (cancel) onBlocked('session.request');
    answer({ cancel });
  });
  session.setCertificateVerifyProc((_request, answer) => {
    answer(certificateRefused);
  });

  session.setPermissionRequestHandler((_contents, _permission, answer) => {
    answer(false);
  });
  session.setPermissionCheckHandler(() => false);
  session.setDevicePermissionHandler(() => false);
  session.setBluetoothPairingHandler((_details, answer) => {
    answer({ confirmed: false });
  });
  session.setDisplayMediaRequestHandler((_request, answer) => {
    answer({});
  });
  session.on('will-download', (event) => {
    event.preventDefault();
    onBlocked('session.download');
  });
  session.on('select-hid-device', (event) => {
    event.preventDefault();
  });
  session.on('select-serial-port', (event, _ports, _contents, answer) => {
    event.preventDefault();
    answer('');
  });
  session.on('select-usb-device', (event) => {
    event.preventDefault();
  });
}

export function isOurs(url: string): boolean {
  return url.startsWith(`${appOrigin}/`);
}
