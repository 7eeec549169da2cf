import { useReducer, useState, type ReactNode } from 'react';
import type { AppError } from '../../../electron/shared/app-error.ts';
import { useApp } from '../../app/app-context.ts';
import { StartNotices } from '../../app/notices.tsx';
import { firstRunStrings as words } from '../../strings/first-run-strings.ts';
import { Button } from '../../ui/button.tsx';
import { Field } from '../../ui/field.tsx';
import { ErrorMessage } from '../../ui/message.tsx';
import { emptyForm, type Person, type SetupForm } from './setup-form.ts';
import { Enrol } from './enrol.tsx';
import { PersonStep } from './person-step.tsx';
import { RecoveryStep } from './recovery-step.tsx';
import { SetUpDone } from './set-up-done.tsx';
import { StepFrame } from './step-frame.tsx';

/** Six steps; nothing is written before the last one. */
export function FirstRun(): ReactNode {
  const { vault, state, refresh } = useApp();
  const [step, setStep] = useState(0);
  const [form, change] = useReducer(
    (before: SetupForm, part: Partial<SetupForm>) => ({ ...before, ...part }),
    emptyForm,
  );
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<AppError | null>(null);
  const [fingerprint, setFingerprint] = useState<string | null>(null);
  const go = (to: number): void => {
    setError(null);
    setStep(to);
  };

  async function finish(): Promise<void> {
    setBusy(true);
    const { recovery: _keys, ...input } = form;
    const result = await vault.request('setup.complete', {
      ...input,
      administrator: {
        displayName: form.administrator.displayName,
        passphrase: form.administrator.passphrase,
      },
      clinician: { displayName: form.clinician.displayName, passphrase: form.clinician.passphrase },
    });
    setBusy(false);
    if (!result.ok) {
      setError(result.error);
      return;
    }
    change({ administrator: emptyForm.administrator, clinician: emptyForm.clinician });
    setFingerprint(result.value.keyFingerprint);
  }

  if (fingerprint !== null) return <SetUpDone fingerprint={fingerprint} onContinue={() => void refresh()} />;
  if (state.provisioning !== null)
    return <Enrol provisioning={state.provisioning} onEnrolled={setFingerprint} />;
  const person = (part: 'administrator' | 'clinician') => (value: Person) => {
    change(part === 'administrator' ? { administrator: value } : { clinician: value });
  };
  return (
    <StepFrame step={step}>
      {step === 0 && <Welcome onStart={() => go(1)} />}
      {step === 1 && <Organisation form={form} change={change} onBack={() => go(0)} onNext={() => go(2)} />}
      {step === 2 && (
        <PersonStep
          key="administrator"
          title={words.administratorTitle}
          detail={words.administratorDetail}
          person={form.administrator}
          organisation={form.organisationName}
          onChange={person('administrator')}
          onBack={() => go(1)}
          onNext={() => go(3)}
        />
      )}
      {step === 3 && <RecoveryStep form={form} change={change} onBack={() => go(2)} onNext={() => go(4)} />}
      {step === 4 && (
        <PersonStep
          key="clinician"
          title={words.clinicianTitle}
          detail={words.clinicianDetail}
          person={form.clinician}
          organisation={form.organisationName}
          onChange={person('clinician')}
          onBack={() => go(3)}
          onNext={() => go(5)}
        />
      )}
      {step === 5 && (
        <Review form={form} busy={busy} error={error} onBack={() => go(4)} onFinish={() => void finish()} />
      )}
    </StepFrame>
  );
}

function Welcome({ onStart }: { readonly onStart: () => void }): ReactNode {
  return (
    <>
      <h1>{words.welcomeTitle}</h1>
      <StartNotices />
      {words.welcome.map((text) => (
        <p key={text}>{text}</p>
      ))}
      <Button kind="primary" onClick={onStart}>
        {words.start}
      </Button>
    </>
  );
}

type StepProps = {
  readonly form: SetupForm;
  readonly change: (part: Partial<SetupForm>) => void;
  readonly onBack: () => void;
  readonly onNext: () => void;
};

function Organisation({ form, change, onBack, onNext }: StepProps): ReactNode {
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        onNext();
      }}
    >
      <h1>{words.organisationTitle}</h1>
      <Field
        label={words.organisationName}
        value={form.organisationName}
        required
        maxLength={200}
        autoFocus
        onText={(organisationName) => {
          change({ organisationName });
        }}
      />
      <Field
        label={words.organisationDomain}
        hint={words.organisationDomainHint}
        value={form.organisationDomain}
        required
        pattern="[A-Za-z0-9]([A-Za-z0-9\-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9\-]*[A-Za-z0-9])?)+"
        title={words.organisationDomainHint}
        onText={(organisationDomain) => {
          change({ organisationDomain });
        }}
      />
      <div className="row">
        <Button onClick={onBack}>{words.back}</Button>
        <Button kind="primary" type="submit">
          {words.next}
        </Button>
      </div>
    </form>
  );
}

function Review(props: {
  readonly form: SetupForm;
  readonly busy: boolean;
  readonly error: AppError | null;
  readonly onBack: () => void;
  readonly onFinish: () => void;
}): ReactNode {
  const { form } = props;
  return (
    <>
      <h1>{words.reviewTitle}</h1>
      <dl className="facts">
        <dt>{words.steps[1]}</dt>
        <dd>
          {form.organisationName} ({form.organisationDomain})
        </dd>
        <dt>{words.steps[2]}</dt>
        <dd>{form.administrator.displayName}</dd>
        <dt>{words.steps[4]}</dt>
        <dd>{form.clinician.displayName}</dd>
        <dt>{words.steps[3]}</dt>
        <dd>{form.recovery.length}</dd>
      </dl>
      <ErrorMessage error={props.error} />
      <div className="row">
        <Button onClick={props.onBack} disabled={props.busy}>
          {words.back}
        </Button>
        <Button kind="primary" onClick={props.onFinish} disabled={props.busy}>
          {props.busy ? words.finishing : words.finish}
        </Button>
      </div>
    </>
  );
}
