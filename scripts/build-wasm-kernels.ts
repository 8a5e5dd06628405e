/**
 * Compiles src/wasm/native/*.c to one WebAssembly module and embeds it, base64-coded, in src/wasm/native/module.ts.
 *
 *     npx tsx scripts/build-wasm-kernels.ts     (needs clang and lld with the wasm32 target, 14 or later)
 *
 * The module has neither data nor a memory of its own: it works on the memory of tfjs' wasm backend, and its small stack lies
 * where the loader puts it. The result is committed, so that nobody needs a C compiler to build the library.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('../src/wasm/native/', import.meta.url));
const sources = readdirSync(folder).filter((name) => name.endsWith('.c'));
const work = mkdtempSync(join(tmpdir(), 'wasm-kernels-'));
const output = join(work, 'kernels.wasm');

// Optimised for size: measured as fast as -O3, which unrolls what V8 then spills, at two fifths of the bytes.
const compile = ['--target=wasm32', '-Os', '-msimd128', '-mbulk-memory', '-mmutable-globals', '-ffreestanding'];
// The loader sets the stack pointer.
const link = ['--no-entry', '--import-memory', '--export=__stack_pointer', '--strip-all'];
const run = (command: string, args: string[]) => execFileSync(command, args, { cwd: folder, stdio: 'inherit' });

try {
  const objects = sources.map((name) => join(work, `${name}.o`));
  for (const [i, name] of sources.entries()) {
    run('clang', [...compile, '-Wall', '-Wextra', '-Werror', '-c', '-o', objects[i], name]);
  }
  run('wasm-ld', [...link, '-o', output, ...objects]);
  const module = await WebAssembly.compile(readFileSync(output));
  const imports = WebAssembly.Module.imports(module).map(({ name }) => name);
  if (imports.join() !== 'memory') throw new Error(`expected to import the memory only, got: ${imports.join()}`);
  const code = readFileSync(output).toString('base64');
  writeFileSync(
    join(folder, 'module.ts'),
    `/** Made by scripts/build-wasm-kernels.ts from the C files beside it; do not edit. */\nexport const MODULE_BASE64 =\n  '${code}';\n`,
  );
  console.log(`${sources.length} sources, ${Math.round((code.length * 3) / 4 / 1024)} KiB of WebAssembly`);
} finally {
  rmSync(work, { recursive: true });
}
