/** Text that is HTML already. Only `html` makes it. */
export type Html = { readonly html: string };
type Part = string | number | Html | readonly Html[];

/** HTML in which every value is escaped, unless `html` made it. Values stand in content or in quoted attributes only. */
export function html(parts: TemplateStringsArray, ...values: readonly Part[]): Html {
  return { html: parts.map((part, at) => part + textOf(values[at] ?? '')).join('') };
}

function textOf(value: Part): string {
  if (typeof value === 'string') return escaped(value);
  if (typeof value === 'number') return String(value);
  return 'html' in value ? value.html : value.map((each) => each.html).join('');
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (sign) => entities[sign] ?? '');
}
