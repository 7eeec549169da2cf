import { useId, type ComponentProps, type ReactNode } from 'react';

type FieldProps = Omit<ComponentProps<'input'>, 'id' | 'onChange'> & {
  readonly label: string;
  readonly hint?: string;
  readonly onText: (text: string) => void;
};

export function Field({ label, hint, onText, ...input }: FieldProps): ReactNode {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {hint !== undefined && (
        <p className="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      <input
        {...input}
        id={id}
        aria-describedby={hint === undefined ? undefined : `${id}-hint`}
        autoComplete="off"
        spellCheck={false}
        onChange={(event) => {
          onText(event.target.value);
        }}
      />
    </div>
  );
}
