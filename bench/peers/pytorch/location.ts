/**
 * Where PyTorch is, if `npm run bench:setup` has been run.
 */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** This folder. */
export const FOLDER = fileURLToPath(new URL('.', import.meta.url));

/** The interpreter of the virtual environment. */
export const PYTHON = join(
  FOLDER,
  '.venv',
  ...(process.platform === 'win32' ? ['Scripts', 'python.exe'] : ['bin', 'python']),
);

/** The script that answers operations. */
export const PEER = join(FOLDER, 'peer.py');
