/** Made-up people of every test installation. */
export const organisation = { name: 'Example Clinic', domain: 'clinic.example' } as const;
export const administrator = { name: 'Ivy Admin', passphrase: 'correct horse battery staple' } as const;
export const clinician = { name: 'Dr. Cleo Marsh', passphrase: 'nine purple bicycles in the rain' } as const;
/** Is added by a test that needs another one. */
export const secondClinician = {
  name: 'Dr. Ben Bright',
  passphrase: 'lantern orbit mustard willow seven',
} as const;
export const patientReference = 'SYN-0042';
