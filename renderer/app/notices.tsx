import { useEffect, useState, type ReactNode } from 'react';
import { X } from 'lucide-react';
import type { Notice } from '../../electron/shared/contract.ts';
import { appStrings as words } from '../strings/app-strings.ts';
import { Button } from '../ui/button.tsx';
import { InfoMessage } from '../ui/message.tsx';
import { useApp } from './app-context.ts';

/** What Cloister has to say beside the work: each once, until somebody has read it. */
export function Notices(): ReactNode {
  const { vault, state } = useApp();
  const [told, setTold] = useState(state.notices);
  const [notices, setNotices] = useState<readonly Notice[]>(state.notices);
  // The vault says each once: what a later look at the state brings is added to what nobody has read yet.
  if (told !== state.notices) {
    setTold(state.notices);
    setNotices(state.notices.reduce(withNotice, notices));
  }
  useEffect(
    () =>
      vault.onEvent((event) => {
        if (event.event === 'notice') setNotices((before) => withNotice(before, event.notice));
      }),
    [vault],
  );

  return notices.map((notice) => (
    <div key={notice.message} className={`message notice ${notice.kind}`} role="status">
      <p>{notice.message}</p>
      <Button
        kind="plain"
        aria-label={words.dismiss}
        onClick={() => {
          setNotices((before) => before.filter(({ message }) => message !== notice.message));
        }}
      >
        <X aria-hidden="true" size={16} />
      </Button>
    </div>
  ));
}

/** What the screen before anybody signs in has to say of how it came to be. */
export function StartNotices(): ReactNode {
  const { state } = useApp();
  const [notices] = useState(state.notices);
  return notices.map((notice) => <InfoMessage key={notice.message}>{notice.message}</InfoMessage>);
}

function withNotice(before: readonly Notice[], notice: Notice): readonly Notice[] {
  return before.some(({ message }) => message === notice.message) ? before : [...before, notice];
}
