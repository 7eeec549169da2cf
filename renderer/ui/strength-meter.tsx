import { useEffect, useState, type ReactNode } from 'react';
import { useApp } from '../app/app-context.ts';

type Strength = { readonly score: number; readonly acceptable: boolean; readonly advice: string };

/** Asked for when typing pauses: each answer takes the vault a few milliseconds. */
const pauseMs = 150;
const bars = [1, 2, 3, 4] as const;

/** How strong a passphrase is, measured by the vault on this computer, with what to do about it. */
export function StrengthMeter(props: {
  readonly passphrase: string;
  readonly personal: readonly string[];
}): ReactNode {
  const { vault } = useApp();
  const { passphrase } = props;
  const personal = JSON.stringify(props.personal);
  const [strength, setStrength] = useState<Strength | null>(null);

  useEffect(() => {
    let wanted = true;
    const timer = setTimeout(() => {
      const known: unknown = JSON.parse(personal);
      const words = Array.isArray(known) ? known.filter((word) => typeof word === 'string') : [];
      void vault.request('passphrase.measure', { passphrase, personal: words }).then((result) => {
        if (wanted) setStrength(result.ok ? result.value : null);
      });
    }, pauseMs);
    return () => {
      wanted = false;
      clearTimeout(timer);
    };
  }, [vault, passphrase, personal]);

  if (passphrase === '' || strength === null) return null;
  return (
    <div className="strength" data-acceptable={strength.acceptable}>
      <span className="strength-bars" aria-hidden="true">
        {bars.map((bar) => (
          <span key={bar} data-on={strength.score >= bar} />
        ))}
      </span>
      <p className="hint" role="status">
        {strength.advice}
      </p>
    </div>
  );
}
