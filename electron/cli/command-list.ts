import type { Command } from './command.ts';
import { doctor } from './doctor.ts';
import { drill } from './drill.ts';
import { inventory } from './inventory.ts';
import { policyCheck } from './policy-check.ts';
import { policyKeygen } from './policy-keygen.ts';
import { policySign } from './policy-sign.ts';
import { provisionCreate } from './provision-create.ts';
import { users } from './users.ts';

/** All commands, in the order of the overview. Their first words stand in `../links/command-line.ts`, for main. */
export const commandList: readonly Command[] = [
  doctor,
  inventory,
  users,
  drill,
  policyCheck,
  policyKeygen,
  policySign,
  provisionCreate,
];
