import { CircleAlert, Info } from 'lucide-react';
import type { ReactNode } from 'react';
import type { AppError } from '../../electron/shared/app-error.ts';

/** A failure, in the vault's own words. Read out at once. */
export function ErrorMessage({ error }: { readonly error: AppError | null }): ReactNode {
  if (error === null) return null;
  return (
    <p className="message attention" role="alert">
      <CircleAlert aria-hidden="true" size={18} />
      <span>{error.message}</span>
    </p>
  );
}

export function InfoMessage({ children }: { readonly children: ReactNode }): ReactNode {
  return (
    <p className="message info" role="status">
      <Info aria-hidden="true" size={18} />
      <span>{children}</span>
    </p>
  );
}

/** Nothing failed, but somebody should do something about it. */
export function AttentionMessage({ children }: { readonly children: ReactNode }): ReactNode {
  return (
    <p className="message attention" role="status">
      <CircleAlert aria-hidden="true" size={18} />
      <span>{children}</span>
    </p>
  );
}
