const timeFormat = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });
const dateFormat = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium' });

export function localTime(at: string): string {
  return timeFormat.format(new Date(at));
}

export function localDate(at: string): string {
  return dateFormat.format(new Date(at));
}

/** A calendar day, YYYY-MM-DD, as people write it. */
export function localDay(day: string): string {
  return dateFormat.format(new Date(`${day}T12:00:00`));
}

/** @returns YYYY-MM-DD of so many days ago, on this computer's wall */
export function dayBefore(days: number): string {
  const date = new Date();
  date.setHours(12, 0, 0, 0);
  date.setDate(date.getDate() - days);
  const two = (number: number): string => String(number).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}
