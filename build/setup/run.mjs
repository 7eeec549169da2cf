import { commands } from './commands.mjs';
import { SetupError, say } from './say.mjs';

const [name = 'help', ...args] = process.argv.slice(2);
const command = commands.get(name);
try {
  if (command === undefined) {
    throw new SetupError(`There is no command ${name}. There are: ${[...commands.keys()].join(', ')}.`);
  }
  process.exitCode = await command(args);
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  say(`\n${error.message}`);
  process.exitCode = 1;
}
