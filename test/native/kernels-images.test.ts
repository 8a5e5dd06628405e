/** Convolutions, pooling, resizing, products and lookups. */
import { IMAGE_CASES } from './image-cases';
import { testKernels } from './kernels-suite';

testKernels(IMAGE_CASES);
