import type { Command } from './command.ts';
import { doctor } from './doctor.ts';
import { drill } from './drill.ts';
import { inventory } from './inventory.ts';
import { logAnchor } from './log-anchor.ts';
import { logDigest } from './log-digest.ts';
import { logVerify } from './log-verify.ts';
import { modelsSign } from './models-sign.ts';
import { policyCheck } from './policy-check.ts';
import { policyKeygen } from './policy-keygen.ts';
import { policySign } from './policy-sign.ts';
import { provisionCreate } from './provision-create.ts';
import { restore } from './restore.ts';
import { users } from './users.ts';

/** All commands, in the order of the overview. Their first words stand in `../links/command-line.ts`, for main. */
export const commandList: readonly Command[] = [
  doctor,
  inventory,
  users,
  drill,
  logVerify,
  logDigest,
  logAnchor,
  restore,
  policyCheck,
  policyKeygen,
  policySign,
  modelsSign,
  provisionCreate,
];
