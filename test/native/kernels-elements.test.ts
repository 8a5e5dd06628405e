/** Kernels that work element by element, move numbers about, or sum them up. */
import { ELEMENT_AND_SHAPE_CASES } from './kernel-cases';
import { testKernels } from './kernels-suite';

testKernels(ELEMENT_AND_SHAPE_CASES);
