import { useState, type ReactNode } from 'react';
import { useApp } from '../../app/app-context.ts';
import { firstRunStrings as words } from '../../strings/first-run-strings.ts';
import { Button } from '../../ui/button.tsx';
import { Field } from '../../ui/field.tsx';
import { StrengthMeter } from '../../ui/strength-meter.tsx';
import { missingCharacters, type Person } from './setup-form.ts';

export function PersonStep(props: {
  readonly title: string;
  readonly detail: string;
  readonly person: Person;
  readonly organisation: string;
  readonly onChange: (person: Person) => void;
  readonly onBack: () => void;
  readonly onNext: () => void;
}): ReactNode {
  const { state } = useApp();
  const { person, organisation, onChange } = props;
  const [problem, setProblem] = useState<string | null>(null);

  function submit(): void {
    const missing = missingCharacters(person.passphrase, state.policy.minimumCharacters);
    if (missing > 0) setProblem(words.short(missing));
    else if (person.passphrase !== person.repeated) setProblem(words.differs);
    else props.onNext();
  }

  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <h1>{props.title}</h1>
      <p>{props.detail}</p>
      <Field
        label={words.name}
        value={person.displayName}
        required
        maxLength={120}
        autoFocus
        onText={(displayName) => {
          onChange({ ...person, displayName });
        }}
      />
      <Field
        label={words.passphrase}
        hint={[
          ...(state.deviceBinding === 'passphrase-only' ? [words.passphraseAlone] : []),
          words.passphraseHint(state.policy.minimumCharacters),
        ].join(' ')}
        type="password"
        value={person.passphrase}
        required
        onText={(passphrase) => {
          setProblem(null);
          onChange({ ...person, passphrase });
        }}
      />
      <StrengthMeter passphrase={person.passphrase} personal={[person.displayName, organisation]} />
      <Field
        label={words.repeat}
        type="password"
        value={person.repeated}
        required
        onText={(repeated) => {
          setProblem(null);
          onChange({ ...person, repeated });
        }}
      />
      {problem !== null && (
        <p className="message attention" role="alert">
          {problem}
        </p>
      )}
      <div className="row">
        <Button onClick={props.onBack}>{words.back}</Button>
        <Button kind="primary" type="submit">
          {words.next}
        </Button>
      </div>
    </form>
  );
}
