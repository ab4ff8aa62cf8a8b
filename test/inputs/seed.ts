/** The seed of `npm test`: what fails there fails everywhere. Each failure names it, and `npm run inputs` takes another. */
export const SEED = 1;
