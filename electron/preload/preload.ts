import { contextBridge, ipcRenderer } from 'electron';
import { removeNetworkObjects } from './remove-network-objects.ts';
import {
  appOrigin,
  copiedFormat,
  shellChannels,
  textPortMessage,
  type Shell,
} from '../shared/shell-contract.ts';

contextBridge.executeInMainWorld({ func: removeNetworkObjects });

/** Hands the text port and six shell requests to our own page, and marks what it copies; nothing else. */
const shell: Shell = {
  requestTextPort: () => {
    ipcRenderer.send(shellChannels.requestTextPort);
  },
  getTheme: () => ipcRenderer.invoke(shellChannels.getTheme),
  setTheme: (theme) => ipcRenderer.invoke(shellChannels.setTheme, theme),
  chooseSaveFile: (purpose, suggestedName) =>
    ipcRenderer.invoke(shellChannels.chooseSaveFile, purpose, suggestedName),
  chooseModelFile: () => ipcRenderer.invoke(shellChannels.chooseModelFile),
  print: () => ipcRenderer.invoke(shellChannels.print),
};

if (window.location.origin === appOrigin) {
  contextBridge.exposeInMainWorld('cloisterShell', shell);
  // Before the page's own listener, which says what is copied.
  for (const event of ['copy', 'cut'] as const)
    window.addEventListener(event, ({ clipboardData }) => clipboardData?.setData(copiedFormat, '1'), {
      capture: true,
    });
  // The port itself cannot cross the context bridge; a window message can carry it.
  ipcRenderer.on(shellChannels.textPort, ({ ports }) => {
    window.postMessage(textPortMessage, appOrigin, ports);
  });
}
