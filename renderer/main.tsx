import '@fontsource-variable/inter/index.css';
import './styles/app.css';
import { createRoot } from 'react-dom/client';
import { App } from './app/app.tsx';
import { ErrorBoundary } from './app/error-boundary.tsx';
import { connectVault } from './bridge/vault-client.ts';
import { listenForTextPort } from './bridge/text-port.ts';
import { refuseLongPastes } from './ui/refuse-long-pastes.ts';

refuseLongPastes(document);
const vault = connectVault({
  listen: listenForTextPort,
  requestPort: () => window.cloisterShell.requestTextPort(),
});
const root = document.querySelector('#root');
if (root === null) throw new Error('the page has no root');
createRoot(root).render(
  <ErrorBoundary>
    <App vault={vault} shell={window.cloisterShell} />
  </ErrorBoundary>,
);
