/** Convolutions, pooling, resizing, products and lookups. */
import { CONVOLUTION_AND_PRODUCT_CASES } from './convolution-cases';
import { testKernels } from './kernels-suite';
import { WINDOW_CASES } from './window-cases';

testKernels([...CONVOLUTION_AND_PRODUCT_CASES, ...WINDOW_CASES]);
