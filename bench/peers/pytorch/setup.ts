/**
 * Sets PyTorch up as a peer, in a virtual environment beside this file: `npm run bench:setup`.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { FOLDER, PYTHON } from './location';

function run(command: string, args: readonly string[]): void {
  const { status, error } = spawnSync(command, args, { stdio: 'inherit' });
  if (status === 0) return;
  console.error(`${command} ${args.join(' ')} failed${error === undefined ? '' : `: ${error.message}`}`);
  process.exit(1);
}

run(process.platform === 'win32' ? 'python' : 'python3', ['-m', 'venv', join(FOLDER, '.venv')]);
// A machine that can't reach PyTorch's own index should not wait for it long.
run(PYTHON, ['-m', 'pip', 'install', '--retries', '1', '--requirement', join(FOLDER, 'requirements.txt')]);
