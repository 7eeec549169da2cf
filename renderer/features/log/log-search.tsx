import { Search } from 'lucide-react';
import { useId, useState, type ReactNode } from 'react';
import { logStrings as words } from '../../strings/log-strings.ts';
import { Button } from '../../ui/button.tsx';
import type { LogModel } from './use-log.ts';

/** Searches when it is asked to, not at each letter: every search is an entry of the record. */
export function LogSearch({ log }: { readonly log: LogModel }): ReactNode {
  const [typed, setTyped] = useState('');
  const id = useId();
  return (
    <form
      role="search"
      className="log-search"
      onSubmit={(event) => {
        event.preventDefault();
        log.search(typed.trim());
      }}
    >
      <Search aria-hidden="true" size={18} />
      <input
        id={id}
        type="search"
        value={typed}
        maxLength={200}
        aria-label={words.searchLabel}
        placeholder={words.searchLabel}
        aria-describedby={`${id}-hint`}
        autoComplete="off"
        spellCheck={false}
        onChange={(event) => {
          setTyped(event.target.value);
        }}
      />
      <Button type="submit" disabled={typed.trim() === '' && log.query === ''}>
        {words.search}
      </Button>
      {log.query !== '' && (
        <Button
          kind="plain"
          onClick={() => {
            setTyped('');
            log.search('');
          }}
        >
          {words.searchEnd}
        </Button>
      )}
      <span className="hint" id={`${id}-hint`} role={log.query === '' ? undefined : 'status'}>
        {log.query === '' ? words.searchHint : words.searchResults(log.query, log.beginsWords)}
      </span>
    </form>
  );
}
