import {
  BookLock,
  Boxes,
  House,
  LockKeyhole,
  LogOut,
  Monitor,
  Moon,
  PenLine,
  Scale,
  ScrollText,
  Sun,
  UserRound,
  Users,
} from 'lucide-react';
import { useEffect, useState, type ReactNode } from 'react';
import type { ModelStatus } from '../../electron/shared/contract.ts';
import type { ThemePreference } from '../../electron/shared/shell-contract.ts';
import { appStrings } from '../strings/app-strings.ts';
import { Button } from '../ui/button.tsx';
import { useApp } from './app-context.ts';

export type Place = 'workspace' | 'record' | 'accounts' | 'models' | 'policy';

const placeIcons = { workspace: PenLine, record: ScrollText, accounts: Users, models: Boxes, policy: Scale };

export function TopBar(props: {
  readonly place: Place;
  /** Where this role may go, in order. */
  readonly places: readonly Place[];
  readonly onPlace: (place: Place) => void;
  readonly onOwnAccount: () => void;
  readonly onLock: () => void;
  readonly onSignOut: () => void;
}): ReactNode {
  const { state } = useApp();
  return (
    <header className="top-bar">
      <strong className="product">Cloister</strong>
      <Button kind="plain" title={appStrings.ownAccount} onClick={props.onOwnAccount}>
        <UserRound aria-hidden="true" size={16} /> {state.user?.displayName}
      </Button>
      {props.places.length > 1 && <Places {...props} />}
      <span className="spacer" />
      <ModelSign model={state.model} />
      <span className="sign local" title={appStrings.onThisComputerDetail}>
        <House aria-hidden="true" size={16} /> {appStrings.onThisComputer}
      </span>
      <span className="sign recorded" data-testid="recorded">
        <BookLock aria-hidden="true" size={16} /> {appStrings.recorded(state.logSize ?? 0)}
      </span>
      <span className="spacer" />
      <ThemeButton />
      <Button onClick={props.onLock} title="Ctrl+L">
        <LockKeyhole aria-hidden="true" size={16} /> {appStrings.lock}
      </Button>
      <Button onClick={props.onSignOut}>
        <LogOut aria-hidden="true" size={16} /> {appStrings.signOut}
      </Button>
    </header>
  );
}

function Places(props: {
  readonly place: Place;
  readonly places: readonly Place[];
  readonly onPlace: (place: Place) => void;
}): ReactNode {
  return (
    <nav className="places" aria-label={appStrings.places}>
      {props.places.map((place) => {
        const Icon = placeIcons[place];
        return (
          <button
            key={place}
            type="button"
            aria-current={place === props.place ? 'page' : undefined}
            onClick={() => {
              props.onPlace(place);
            }}
          >
            <Icon aria-hidden="true" size={16} /> {appStrings.place[place]}
          </button>
        );
      })}
    </nav>
  );
}

function ModelSign({ model }: { readonly model: ModelStatus }): ReactNode {
  if (model.state === 'ready') {
    return (
      <span className="sign quiet" title={model.name}>
        {appStrings.modelReady}
      </span>
    );
  }
  if (model.state === 'failed') {
    return (
      <span className="sign attention" title={model.error.message}>
        {appStrings.modelFailed}
      </span>
    );
  }
  const step = `${appStrings.modelStep[model.step]} ${Math.round(model.fraction * 100)} %`;
  return (
    <span className="sign quiet" title={step}>
      {step}
    </span>
  );
}

const themes: readonly ThemePreference[] = ['system', 'light', 'dark'];
const themeIcons = { system: Monitor, light: Sun, dark: Moon };

/** The choice reaches the page through `prefers-color-scheme`, which main sets: one source for both. */
function ThemeButton(): ReactNode {
  const { shell } = useApp();
  const [theme, setTheme] = useState<ThemePreference>('system');
  useEffect(() => {
    void shell.getTheme().then(setTheme);
  }, [shell]);
  const Icon = themeIcons[theme];
  const next = themes[(themes.indexOf(theme) + 1) % themes.length] ?? 'system';
  return (
    <Button
      kind="plain"
      aria-label={appStrings.theme[theme]}
      title={appStrings.theme[theme]}
      onClick={() => {
        setTheme(next);
        void shell.setTheme(next);
      }}
    >
      <Icon aria-hidden="true" size={18} />
    </Button>
  );
}
