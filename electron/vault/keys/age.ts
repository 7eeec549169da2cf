/** age, when it is first needed: its curves take a twentieth of a second to set up, and the first screen needs none of them. */
export const loadAge = (): Promise<typeof import('age-encryption')> => import('age-encryption');
