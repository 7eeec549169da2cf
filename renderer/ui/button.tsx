import type { ComponentProps, ReactNode } from 'react';

type ButtonProps = ComponentProps<'button'> & { readonly kind?: 'primary' | 'secondary' | 'plain' };

export function Button({ kind = 'secondary', className, type = 'button', ...rest }: ButtonProps): ReactNode {
  return (
    <button
      {...rest}
      type={type}
      className={`button ${kind}${className === undefined ? '' : ` ${className}`}`}
    />
  );
}
