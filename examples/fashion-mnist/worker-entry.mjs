// Worker threads start without the loader that runs TypeScript, so it is registered here.
import { register } from 'tsx/esm/api';

register();
const { default: work } = await import('./worker.ts');
export default work;
