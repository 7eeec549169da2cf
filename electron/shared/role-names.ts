import type { Role } from './roles.ts';

export const roleNames: Record<Role, string> = {
  clinician: 'Clinician',
  auditor: 'Auditor',
  'it-admin': 'IT administrator',
  'sole-practitioner': 'Sole practitioner',
};
