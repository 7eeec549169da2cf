const columns = [
  'entry',
  'date',
  'patient',
  'recipient_name',
  'recipient_address',
  'agreement',
  'what',
  'purpose',
  'accountable',
];

/**
 * `disclosures.csv` (RFC 4180), input to an accounting of disclosures (45 CFR 164.528): a line for each disclosure to a
 * business associate. Nothing leaves this computer yet, so there is its head alone.
 */
export const disclosuresHead = `${columns.join(',')}\r\n`;
