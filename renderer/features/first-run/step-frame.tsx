import type { ReactNode } from 'react';
import { firstRunStrings as words } from '../../strings/first-run-strings.ts';

export function StepFrame({
  step,
  children,
}: {
  readonly step: number;
  readonly children: ReactNode;
}): ReactNode {
  return (
    <main className="centre">
      <section className="card wizard">
        <ol className="steps" aria-label="Steps">
          {words.steps.map((name, index) => (
            <li key={name} aria-current={index === step ? 'step' : undefined} data-done={index < step}>
              {name}
            </li>
          ))}
        </ol>
        <div className="step">{children}</div>
      </section>
    </main>
  );
}
